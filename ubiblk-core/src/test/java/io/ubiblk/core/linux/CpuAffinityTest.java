package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import java.util.BitSet;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class CpuAffinityTest {

  private static <T> T onThreadOfItsOwn(java.util.concurrent.Callable<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform().start(task);
    return task.get();
  }

  @Test
  void aThreadCanBeBoundToEachProcessorThatItMayUse() throws Exception {
    BitSet allowed = CpuAffinity.ofCurrentThread();
    assertFalse(allowed.isEmpty());
    int last = allowed.length() - 1;
    BitSet bound =
        onThreadOfItsOwn(
            () -> {
              CpuAffinity.bindCurrentThread(last);
              return CpuAffinity.ofCurrentThread();
            });
    assertEquals(1, bound.cardinality());
    assertTrue(bound.get(last));
    assertEquals(allowed, CpuAffinity.ofCurrentThread(), "other threads stay where they are");
  }

  @Test
  void aProcessorThatDoesNotExistIsRefused() {
    BlockDeviceException.Io e =
        assertThrows(BlockDeviceException.Io.class, () -> CpuAffinity.bindCurrentThread(8191));
    assertEquals(Errno.EINVAL, e.errno());
    assertThrows(IllegalArgumentException.class, () -> CpuAffinity.bindCurrentThread(8192));
    assertThrows(IllegalArgumentException.class, () -> CpuAffinity.bindCurrentThread(-1));
  }
}
