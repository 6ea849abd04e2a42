package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import org.junit.jupiter.api.Test;

class StatusTest {

  @Test
  void everyConstantHasItsName() throws Exception {
    for (Field field : Status.class.getFields()) {
      assertEquals(field.getName(), Status.name(field.getInt(null)));
    }
    assertEquals("errno 71", Status.name(71));
    assertEquals("errno -5", Status.name(-5));
  }

  @Test
  void flagsAreBitsOfTheirOwn() {
    assertEquals(7, IoFlags.FUA | IoFlags.NO_UNMAP | IoFlags.BYPASS_CACHE);
    assertEquals(0, IoFlags.NONE);
  }

  @Test
  void anIoFailureKeepsItsErrno() {
    BlockDeviceException.Io e = new BlockDeviceException.Io("read /disk: EIO", Status.EIO);
    assertEquals(Status.EIO, e.errno());
    assertEquals("read /disk: EIO", e.getMessage());
  }
}
