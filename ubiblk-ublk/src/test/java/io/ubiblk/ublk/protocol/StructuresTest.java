package io.ubiblk.ublk.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers and layouts, as a C compiler gives them for linux/ublk_cmd.h of Linux 6.12 and 6.16. */
class StructuresTest {

  @ParameterizedTest
  @CsvSource({
    "GET_DEV_INFO, 02, 80207502",
    "ADD_DEV, 04, c0207504",
    "DEL_DEV, 05, c0207505",
    "START_DEV, 06, c0207506",
    "STOP_DEV, 07, c0207507",
    "SET_PARAMS, 08, c0207508",
    "GET_PARAMS, 09, 80207509",
    "START_USER_RECOVERY, 10, c0207510",
    "END_USER_RECOVERY, 11, c0207511",
    "GET_DEV_INFO2, 12, 80207512",
    "GET_FEATURES, 13, 80207513",
    "DEL_DEV_ASYNC, 14, 80207514",
    "UPDATE_SIZE, 15, c0207515",
    "FETCH_REQ, 20, c0107520",
    "COMMIT_AND_FETCH_REQ, 21, c0107521",
  })
  void commandsHaveTheNumbersOfTheHeader(Opcode opcode, String plain, String encoded) {
    assertEquals(HexFormat.fromHexDigits(plain), opcode.number(false));
    assertEquals(HexFormat.fromHexDigits(encoded), opcode.number(true));
  }

  @Test
  void controlCommandsAreLaidOutAsInTheHeader() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(64);
      MemorySegment command = arena.allocate(32, 8);
      new ControlCommand(7, buffer, 0x1122334455667788L, 12).write(command);
      assertEquals(7, command.get(ValueLayout.JAVA_INT, 0));
      assertEquals(-1, command.get(ValueLayout.JAVA_SHORT, 4));
      assertEquals(64, command.get(ValueLayout.JAVA_SHORT, 6));
      assertEquals(buffer.address(), command.get(ValueLayout.JAVA_LONG, 8));
      assertEquals(0x1122334455667788L, command.get(ValueLayout.JAVA_LONG, 16));
      assertEquals(12, command.get(ValueLayout.JAVA_SHORT, 24));
      assertEquals(0, command.get(ValueLayout.JAVA_SHORT, 26));
      assertEquals(0, command.get(ValueLayout.JAVA_INT, 28));
    }
  }

  @Test
  void commandsToQueuesCarryQueueTagAndResult() {
    assertEquals(0x0000_0001_0003_0002L, IoCommand.first(2, 3, 1));
    // The sign of a result must not spill into its neighbours.
    assertEquals(0xffff_fffb_0fff_0000L, IoCommand.first(0, 4095, -5));
  }

  @Test
  void deviceInfoIsLaidOutAsInTheHeader() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(64, 8);
      DeviceInfo written =
          new DeviceInfo(2, 128, DeviceInfo.LIVE, 1 << 19, 9, 4711, 0x1_0000_0058L);
      written.write(info);
      assertEquals(2, info.get(ValueLayout.JAVA_SHORT, 0));
      assertEquals(128, info.get(ValueLayout.JAVA_SHORT, 2));
      assertEquals(1, info.get(ValueLayout.JAVA_SHORT, 4));
      assertEquals(1 << 19, info.get(ValueLayout.JAVA_INT, 8));
      assertEquals(9, info.get(ValueLayout.JAVA_INT, 12));
      assertEquals(4711, info.get(ValueLayout.JAVA_INT, 16));
      assertEquals(0x1_0000_0058L, info.get(ValueLayout.JAVA_LONG, 24));
      assertEquals(written, DeviceInfo.read(info));
    }
  }

  @Test
  void parametersAreLaidOutAsInTheHeader() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment p = arena.allocate(60, 8);
      DeviceParameters written =
          new DeviceParameters(12, 9, 12, 16, 1024, 1L << 33, 4096, 0x3fffff, 0x3ffffe);
      written.write(p);
      assertEquals(60, p.get(ValueLayout.JAVA_INT, 0));
      assertEquals(3, p.get(ValueLayout.JAVA_INT, 4), "basic and discard");
      assertEquals(12, p.get(ValueLayout.JAVA_INT, 8));
      assertEquals(9, p.get(ValueLayout.JAVA_BYTE, 12));
      assertEquals(12, p.get(ValueLayout.JAVA_BYTE, 13));
      assertEquals(16, p.get(ValueLayout.JAVA_BYTE, 14));
      assertEquals(12, p.get(ValueLayout.JAVA_BYTE, 15));
      assertEquals(1024, p.get(ValueLayout.JAVA_INT, 16));
      assertEquals(0, p.get(ValueLayout.JAVA_INT, 20), "chunk");
      assertEquals(1L << 33, p.get(ValueLayout.JAVA_LONG, 24));
      assertEquals(0, p.get(ValueLayout.JAVA_LONG, 32), "boundary mask");
      assertEquals(0, p.get(ValueLayout.JAVA_INT, 40), "discard alignment");
      assertEquals(4096, p.get(ValueLayout.JAVA_INT, 44));
      assertEquals(0x3fffff, p.get(ValueLayout.JAVA_INT, 48));
      assertEquals(0x3ffffe, p.get(ValueLayout.JAVA_INT, 52));
      assertEquals(1, p.get(ValueLayout.JAVA_SHORT, 56), "discard segments");
      assertEquals(written, DeviceParameters.read(p));
    }
  }

  @Test
  void parametersWithoutRangesLeaveTheRangesOut() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment p = arena.allocate(60, 8);
      new DeviceParameters(1, 9, 9, 9, 1024, 8, 0, 0, 0).write(p);
      assertEquals(1, p.get(ValueLayout.JAVA_INT, 4), "basic only");
      assertEquals(-1, p.asSlice(40).mismatch(arena.allocate(20)));
    }
  }

  @Test
  void bitsOfFeaturesAreDistinct() {
    assertEquals(0x8, DriverFeatures.USER_RECOVERY);
    assertEquals(0x10, DriverFeatures.USER_RECOVERY_REISSUE);
    assertEquals(0x40, DriverFeatures.CMD_IOCTL_ENCODE);
    assertEquals(0x400, DriverFeatures.UPDATE_SIZE);
    assertNotEquals(DeviceInfo.QUIESCED, DeviceInfo.FAIL_IO);
  }
}
