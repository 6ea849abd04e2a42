package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class EpollTest {

  private static final long LONG_NANOS = 5_000_000_000L;

  @Test
  void everyWriteOfAnEventfdIsAnEventOfItsOwn() throws Exception {
    try (Epoll epoll = Epoll.open();
        EventFd one = EventFd.open();
        EventFd two = EventFd.open()) {
      assertEquals(0, epoll.add(one.fd(), 0x1_0000_0001L));
      assertEquals(0, epoll.add(two.fd(), -2));
      assertEquals(0, epoll.await(0));
      two.signal();
      assertEquals(1, epoll.await(LONG_NANOS));
      assertEquals(-2, epoll.data(0));
      assertEquals(0, epoll.await(0), "an edge is reported once");
      two.signal();
      one.signal();
      assertEquals(2, epoll.await(LONG_NANOS));
      assertEquals(0x1_0000_0001L - 2, epoll.data(0) + epoll.data(1));
      epoll.remove(one.fd());
      one.signal();
      assertEquals(0, epoll.await(0));
    }
  }

  @Test
  void waitingTakesAsLongAsItIsTold() throws Exception {
    try (Epoll epoll = Epoll.open()) {
      long end = System.nanoTime() + 20_000_000;
      int waits = 0;
      for (long left = 20_000_000; left > 0; left = end - System.nanoTime()) {
        assertEquals(0, epoll.await(left));
        waits++;
      }
      // A signal to the process may cut one short.
      assertTrue(waits < 10, waits + " waits for 20 ms");
    }
  }

  @Test
  void whatCannotBeWatchedIsRefused() throws Exception {
    Epoll epoll = Epoll.open();
    assertEquals(-Errno.EBADF, epoll.add(-1, 1));
    epoll.remove(-1);
    epoll.close();
    epoll.close();
  }
}
