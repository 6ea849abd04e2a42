package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages byte by byte, on a little-endian machine. */
class VhostUserMessageTest {

  private static void assertBytes(String hex, byte[] bytes) {
    assertEquals(hex.replace(" ", ""), HexFormat.of().formatHex(bytes));
  }

  @Test
  void theHeaderIsRequestFlagsSize() {
    assertBytes(
        "02000000 01000000 08000000 0807060504030201",
        VhostUserMessage.of(FrontendRequest.SET_FEATURES, Payloads.number(0x0102030405060708L))
            .bytes());
  }

  @Test
  void aHeaderMayLie() {
    VhostUserMessage message =
        VhostUserMessage.of(99, (byte) 7).withFlags(0x80000002).withDeclaredSize(-1);
    assertBytes("63000000 02000080 ffffffff 07", message.bytes());
    assertEquals("message 99 (flags 0x80000002, -1 bytes, 0 descriptors)", message.toString());
  }

  @Test
  void ringPayloads() {
    assertBytes("01000000 00010000", Payloads.vringState(1, 256));
    assertBytes(
        "03000000 00000000 1000000000000000 2000000000000000 3000000000000000 4000000000000000",
        Payloads.vringAddresses(3, 0, 0x10, 0x20, 0x30, 0x40));
  }

  @Test
  void memoryPayloads() {
    MemoryRegion region = new MemoryRegion(0x1000, 0x2000, 0x3000, 0x4000);
    String encoded = "0010000000000000 0020000000000000 0030000000000000 0040000000000000";
    assertBytes("0000000000000000" + encoded, Payloads.memoryRegion(region));
    assertBytes(
        "02000000 00000000" + encoded + encoded, Payloads.memoryTable(List.of(region, region)));
  }

  @Test
  void otherPayloads() {
    assertBytes("20000000 01000000 02000000 05", Payloads.config(32, 1, 2, (byte) 5));
    assertBytes(
        "0100000000000000 0200000000000000 0300 0080 00000000",
        Payloads.inflight(new InflightArea(1, 2, 3, 32768, null)));
  }

  @Test
  void blockRequests() {
    assertBytes("0d000000 00000000 0200000000000000", BlkRequest.header(13, 2));
    assertBytes(
        "0100000000000000 02000000 01000000 0300000000000000 ffffffff 00000000",
        BlkRequest.ranges(new SectorRange(1, 2, BlkRequest.UNMAP), new SectorRange(3, -1)));
  }

  @Test
  void payloadsAreCopied() {
    byte[] payload = {1, 2, 3};
    VhostUserMessage message = VhostUserMessage.of(1, payload);
    payload[0] = 9;
    message.payload()[1] = 9;
    assertArrayEquals(new byte[] {1, 2, 3}, message.payload());
  }
}
