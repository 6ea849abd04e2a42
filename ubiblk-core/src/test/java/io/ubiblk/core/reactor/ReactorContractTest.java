package io.ubiblk.core.reactor;

import io.ubiblk.core.Loops;
import io.ubiblk.core.io.IoReactor;
import org.junit.jupiter.api.Nested;

/** Every kind of reactor behaves in the same way. */
class ReactorContractTest {

  @Nested
  class Ring implements DescriptorContract {
    @Override
    public IoReactor open() throws Exception {
      return (IoReactor) Loops.ring();
    }
  }

  @Nested
  class OfEpoll implements DescriptorContract {
    @Override
    public IoReactor open() throws Exception {
      return (IoReactor) Loops.epoll();
    }
  }

  @Nested
  class Simulated implements LoopContract {
    private long seed;

    @Override
    public IoReactor open() {
      return (IoReactor) Loops.simulated(seed++);
    }
  }
}
