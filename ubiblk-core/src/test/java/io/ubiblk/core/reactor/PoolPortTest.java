package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.core.io.IoPort;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.LoopDriver;
import org.junit.jupiter.api.Test;

class PoolPortTest {

  @Test
  @SuppressWarnings("NullAway") // a mistake that no caller makes, to see something thrown
  void anOperationThatThrowsCompletesWithAnError() throws Exception {
    try (IoReactor loop = (IoReactor) Loops.epoll()) {
      int[] result = new int[1];
      IoPort port = loop.openPort(1, (slot, outcome) -> result[0] = outcome);
      OpenFile none = null;
      port.sync(0, none);
      new LoopDriver(loop).until(() -> result[0] != 0, () -> "completion");
      assertEquals(-Status.EIO, result[0]);
      port.close();
    }
  }
}
