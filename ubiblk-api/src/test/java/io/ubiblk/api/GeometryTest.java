package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class GeometryTest {

  private final Geometry geometry = Geometry.of(8192);

  @Test
  void rangesInsideAreServed() {
    assertEquals(Status.OK, geometry.check(0, 8192));
    assertEquals(Status.OK, geometry.check(7680, 512));
    assertEquals(Status.OK, geometry.check(0, 0));
    assertEquals(Status.OK, geometry.check(8192, 0));
  }

  @Test
  void rangesOutsideAreRefused() {
    assertEquals(Status.EINVAL, geometry.check(8192, 512));
    assertEquals(Status.EINVAL, geometry.check(7680, 1024));
    assertEquals(Status.EINVAL, geometry.check(-512, 512));
    assertEquals(Status.EINVAL, geometry.check(512, -512));
    assertEquals(Status.EINVAL, geometry.check(8704, 0));
    assertEquals(Status.EINVAL, geometry.check(Long.MAX_VALUE & -512, 512));
    assertEquals(Status.EINVAL, geometry.check(512, Long.MAX_VALUE & -512));
    assertEquals(Status.EINVAL, geometry.check(Long.MIN_VALUE, Long.MIN_VALUE));
  }

  @Test
  void misalignedRangesAreRefused() {
    assertEquals(Status.EINVAL, geometry.check(1, 512));
    assertEquals(Status.EINVAL, geometry.check(512, 511));
    assertEquals(Status.EINVAL, geometry.withBlockSizes(4096, 4096).check(512, 4096));
  }

  @Test
  void transfersAboveTheLargestAreRefused() {
    Geometry limited = geometry.withMaxTransfer(1024);
    assertEquals(Status.OK, limited.checkTransfer(0, 1024));
    assertEquals(Status.EINVAL, limited.checkTransfer(0, 1536));
    assertEquals(Status.OK, limited.check(0, 1536));
  }

  @Test
  void rangesOutsideAreRefusedByName() {
    geometry.requireInside(1, 8191);
    assertThrows(IllegalArgumentException.class, () -> geometry.requireInside(1, 8192));
    assertThrows(IllegalArgumentException.class, () -> geometry.requireInside(-1, 1));
    assertThrows(IllegalArgumentException.class, () -> geometry.requireInside(0, -1));
    assertThrows(IllegalArgumentException.class, () -> geometry.requireInside(Long.MAX_VALUE, 1));
  }

  @Test
  void badValuesAreNamed() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Geometry.of(513)).toString();
    assertTrue(message.contains("513") && message.contains("512"), message);
    assertThrows(IllegalArgumentException.class, () -> Geometry.of(-512));
    assertThrows(IllegalArgumentException.class, () -> geometry.withBlockSizes(256, 512));
    assertThrows(IllegalArgumentException.class, () -> geometry.withBlockSizes(4096, 512));
    assertThrows(IllegalArgumentException.class, () -> geometry.withBlockSizes(1536, 1536));
    assertThrows(IllegalArgumentException.class, () -> geometry.withOptimalTransfer(100));
    assertThrows(IllegalArgumentException.class, () -> geometry.withMaxTransfer(0));
    assertThrows(IllegalArgumentException.class, () -> geometry.withMemoryAlignment(3));
    assertThrows(IllegalArgumentException.class, () -> geometry.withDiscardGranularity(-512));
  }

  @Test
  void eachWithMethodChangesOneValue() {
    Geometry all =
        geometry
            .withSize(16384)
            .withBlockSizes(1024, 4096)
            .withOptimalTransfer(65536)
            .withMaxTransfer(131072)
            .withMemoryAlignment(512)
            .withDiscardGranularity(8192);
    assertEquals(new Geometry(16384, 1024, 4096, 65536, 131072, 512, 8192), all);
  }
}
