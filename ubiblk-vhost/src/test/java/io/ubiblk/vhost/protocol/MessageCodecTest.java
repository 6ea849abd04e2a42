package io.ubiblk.vhost.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.vhost.memory.RegionDescription;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageCodecTest {

  /** A message that is right, and what it means. */
  private static final class Sample {
    private final int request;
    private final byte[] payload;
    private final FrontendMessage message;

    Sample(int request, byte[] payload, FrontendMessage message) {
      this.request = request;
      this.payload = payload;
      this.message = message;
    }

    int request() {
      return request;
    }

    byte[] payload() {
      return payload;
    }

    FrontendMessage message() {
      return message;
    }
  }

  private static byte[] bytes(Object... fields) {
    ByteBuffer out = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    for (Object field : fields) {
      switch (field) {
        case Integer i -> out.putInt(i);
        case Long l -> out.putLong(l);
        case byte[] b -> out.put(b);
        default -> throw new IllegalArgumentException(field.toString());
      }
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static List<Sample> samples() {
    RegionDescription first = new RegionDescription(0x1000, 0x2000, 0x3000, 0x4000);
    RegionDescription second = new RegionDescription(1L << 40, 1, 1L << 41, 7);
    byte[] regions = bytes(0x1000L, 0x2000L, 0x3000L, 0x4000L, 1L << 40, 1L, 1L << 41, 7L);
    ByteBuffer one = ByteBuffer.wrap(new byte[] {1}).asReadOnlyBuffer();
    List<Sample> all = new ArrayList<>();
    all.add(new Sample(1, bytes(), new FrontendMessage.GetFeatures()));
    all.add(new Sample(2, bytes(0x1234L), new FrontendMessage.SetFeatures(0x1234)));
    all.add(new Sample(3, bytes(), new FrontendMessage.SetOwner()));
    all.add(new Sample(4, bytes(), new FrontendMessage.ResetOwner()));
    all.add(new Sample(5, bytes(0, 0), new FrontendMessage.SetMemTable(List.of())));
    all.add(
        new Sample(
            5, bytes(2, 0, regions), new FrontendMessage.SetMemTable(List.of(first, second))));
    all.add(new Sample(8, bytes(1, 256), new FrontendMessage.SetVringNum(1, 256)));
    all.add(
        new Sample(9, bytes(2, 0, 3L, 5L, 4L, 0L), new FrontendMessage.SetVringAddr(2, 3, 5, 4)));
    all.add(new Sample(10, bytes(3, 77), new FrontendMessage.SetVringBase(3, 77)));
    all.add(new Sample(11, bytes(4, 0), new FrontendMessage.GetVringBase(4)));
    all.add(new Sample(12, bytes(5L), new FrontendMessage.SetVringKick(5, true)));
    all.add(new Sample(12, bytes(0x105L), new FrontendMessage.SetVringKick(5, false)));
    all.add(new Sample(13, bytes(6L), new FrontendMessage.SetVringCall(6, true)));
    all.add(new Sample(14, bytes(0x1ffL), new FrontendMessage.SetVringErr(255, false)));
    all.add(new Sample(15, bytes(), new FrontendMessage.GetProtocolFeatures()));
    all.add(new Sample(16, bytes(9L), new FrontendMessage.SetProtocolFeatures(9)));
    all.add(new Sample(17, bytes(), new FrontendMessage.GetQueueNum()));
    all.add(new Sample(18, bytes(0, 1), new FrontendMessage.SetVringEnable(0, true)));
    all.add(new Sample(18, bytes(1, 0), new FrontendMessage.SetVringEnable(1, false)));
    all.add(new Sample(21, bytes(), new FrontendMessage.SetBackendReqFd()));
    all.add(
        new Sample(
            24, bytes(0x100, 60, 3, new byte[60]), new FrontendMessage.GetConfig(0x100, 60, 3)));
    all.add(
        new Sample(25, bytes(32, 1, 0, new byte[] {1}), new FrontendMessage.SetConfig(32, one)));
    all.add(new Sample(36, bytes(), new FrontendMessage.GetMaxMemSlots()));
    all.add(
        new Sample(
            37, bytes(0L, Arrays.copyOf(regions, 32)), new FrontendMessage.AddMemReg(first)));
    all.add(
        new Sample(
            38, bytes(0L, Arrays.copyOf(regions, 32)), new FrontendMessage.RemMemReg(first)));
    all.add(new Sample(35, bytes(0L), new FrontendMessage.Unknown(35)));
    return all;
  }

  private static FrontendMessage parse(int request, byte... payload)
      throws BlockDeviceException.BadFormat {
    return MessageCodec.parse(request, ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN));
  }

  /** Parses what may be wrong: it must be refused or mean something. */
  private static boolean survives(int request, byte... payload) {
    try {
      parse(request, payload);
      return true;
    } catch (BlockDeviceException.BadFormat refused) {
      assertFalse(String.valueOf(refused.getMessage()).isEmpty());
      return false;
    }
  }

  @Test
  void everyMessageIsRead() throws Exception {
    for (Sample sample : samples()) {
      assertEquals(sample.message(), parse(sample.request(), sample.payload()));
    }
  }

  @Test
  void everyTruncationAndExtensionIsRefused() {
    for (Sample sample : samples()) {
      byte[] payload = sample.payload();
      for (int length = 0; length <= payload.length + 40; length++) {
        boolean right = length == payload.length || sample.request() == 35;
        // A shorter or longer table or region never happens to be another one's length.
        assertEquals(
            right,
            survives(sample.request(), Arrays.copyOf(payload, length)),
            sample.message() + " cut to " + length);
      }
    }
  }

  @Test
  void everyBitFlipIsRefusedOrMeansSomethingElse() {
    for (Sample sample : samples()) {
      byte[] payload = sample.payload();
      for (int bit = 0; bit < payload.length * 8; bit++) {
        byte[] flipped = payload.clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        survives(sample.request(), flipped);
      }
    }
  }

  @Test
  void randomPayloadsAreRefusedOrMeanSomething() {
    Random random = new Random(20261121);
    for (int i = 0; i < 100_000; i++) {
      byte[] payload = new byte[random.nextInt(5) == 0 ? random.nextInt(300) : 8];
      random.nextBytes(payload);
      survives(random.nextInt(50), payload);
    }
  }

  @Test
  void numbersOfRegionsThatCannotBeAreRefused() {
    for (int count : new int[] {9, 64, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 27}) {
      assertThrows(
          BlockDeviceException.BadFormat.class, () -> parse(5, bytes(count, 0, new byte[288])));
    }
  }

  @Test
  void partsOfTheConfigurationSpaceThatCannotBeAreRefused() {
    int[][] bad = {{0, 0}, {0x1000, 1}, {1, 0x1000}, {-1, 1}, {0, -1}, {Integer.MIN_VALUE, 4}};
    for (int[] part : bad) {
      byte[] content = new byte[Math.clamp(part[1], 0, 0x1000)];
      for (int request : new int[] {24, 25}) {
        assertThrows(
            BlockDeviceException.BadFormat.class,
            () -> parse(request, bytes(part[0], part[1], 0, content)));
      }
    }
  }

  @Test
  void onlyZeroAndOneEnableARing() {
    for (int value : new int[] {2, -1, 256}) {
      assertThrows(BlockDeviceException.BadFormat.class, () -> parse(18, bytes(0, value)));
    }
  }

  @Test
  void messagesThatAreNotOfferedAreUnknown() throws Exception {
    for (int request : new int[] {0, 6, 7, 19, 20, 22, 23, 26, 31, 34, 40, -1, 1 << 30}) {
      assertInstanceOf(FrontendMessage.Unknown.class, parse(request, new byte[13]));
    }
  }

  @Test
  void exactlyTheQuestionsHaveAReplyOfTheirOwn() {
    for (int request = -1; request < 100; request++) {
      boolean question = List.of(1, 11, 15, 17, 24, 36).contains(request);
      assertEquals(question, MessageCodec.hasOwnReply(request), "message " + request);
    }
    assertTrue(MessageCodec.hasOwnReply(MessageCodec.GET_CONFIG));
  }
}
