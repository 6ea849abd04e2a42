package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFdTest {

  @TempDir Path directory;

  private static long count(EventFd fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(8, 8);
      long result = Syscall.call(Abi.READ, fd.fd(), value.address(), 8);
      return result < 0 ? result : value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  @Test
  void signalsAddUpUntilTheyAreRead() throws Exception {
    try (EventFd fd = EventFd.open()) {
      assertEquals(-Errno.EAGAIN, count(fd), "a new counter is zero and does not block");
      fd.signal();
      EventFd.signal(fd.fd());
      assertEquals(2, count(fd));
      assertEquals(-Errno.EAGAIN, count(fd));
    }
  }

  @Test
  void aFullCounterStaysAsItIs() throws Exception {
    try (EventFd fd = EventFd.open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment most = arena.allocateFrom(ValueLayout.JAVA_LONG, -2L);
      assertEquals(8, Syscall.call(Abi.WRITE, fd.fd(), most.address(), 8));
      assertFalse(Descriptor.isWritable(fd.fd()));
      fd.signal();
      assertEquals(-2, count(fd));
      assertTrue(Descriptor.isWritable(fd.fd()));
    }
  }

  @Test
  void anEventfdIsToldFromOtherDescriptors() throws Exception {
    try (EventFd fd = EventFd.open();
        OpenFile file =
            OpenFile.open(directory.resolve("f"), OpenFile.READ_WRITE | OpenFile.CREATE)) {
      assertTrue(EventFd.isEventFd(fd.fd()));
      assertTrue(Descriptor.isNonBlocking(fd.fd()));
      assertFalse(EventFd.isEventFd(file.fd()));
      assertFalse(Descriptor.isNonBlocking(file.fd()));
      assertEquals(file.path().toRealPath().toString(), Descriptor.target(file.fd()));
      assertFalse(EventFd.isEventFd(-1));
      assertEquals("?", Descriptor.target(-1));
    }
  }

  @Test
  void aDuplicateIsTheSameCounter() throws Exception {
    try (EventFd fd = EventFd.open()) {
      int copy = Descriptor.duplicate(fd.fd());
      EventFd.signal(copy);
      Descriptor.close(copy);
      assertEquals(1, count(fd));
    }
  }
}
