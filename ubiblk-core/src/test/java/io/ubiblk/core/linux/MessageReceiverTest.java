package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MessageReceiverTest {

  private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
  private static final long SOCKETPAIR = X86 ? 53 : 199;
  private static final long SENDMSG = X86 ? 46 : 211;
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(64);
  private final List<Integer> received = new ArrayList<>();
  private int near;
  private int far;
  private boolean farOpen = true;

  @BeforeEach
  void openPair() {
    MemorySegment pair = arena.allocate(8, 8);
    assertEquals(0, Syscall.call(SOCKETPAIR, AF_UNIX, SOCK_STREAM, 0, pair.address()));
    near = pair.get(INT, 0);
    far = pair.get(INT, 4);
  }

  @AfterEach
  void closePair() {
    Descriptor.close(near);
    if (farOpen) {
      Descriptor.close(far);
    }
    received.forEach(Descriptor::close);
    arena.close();
  }

  /** Sends a byte with descriptors, as any program may. */
  private void send(int... descriptors) {
    MemorySegment vector = arena.allocate(16, 8);
    vector.set(LONG, 0, arena.allocate(1).address());
    vector.set(LONG, 8, 1);
    long length = 16 + 4L * descriptors.length;
    MemorySegment control = arena.allocate((length + 7) & ~7L, 8);
    control.set(LONG, 0, length);
    control.set(INT, 8, 1); // SOL_SOCKET
    control.set(INT, 12, 1); // SCM_RIGHTS
    for (int i = 0; i < descriptors.length; i++) {
      control.set(INT, 16 + 4L * i, descriptors[i]);
    }
    MemorySegment header = arena.allocate(56, 8);
    header.set(LONG, 16, vector.address());
    header.set(LONG, 24, 1);
    header.set(LONG, 32, control.address());
    header.set(LONG, 40, control.byteSize());
    assertEquals(1, Syscall.call(SENDMSG, far, header.address(), 0));
  }

  @Test
  void bytesComeAndTheEndIsSeen() {
    try (MessageReceiver receiver = new MessageReceiver(near)) {
      assertEquals(-Errno.EAGAIN, receiver.receive(buffer, received::add));
      assertEquals(3, Descriptor.send(far, (byte) 1, (byte) 2, (byte) 3));
      assertEquals(3, receiver.receive(buffer, received::add));
      assertEquals(2, buffer.get(ValueLayout.JAVA_BYTE, 1));
      Descriptor.close(far);
      farOpen = false;
      assertTrue(Descriptor.hasHungUp(near));
      assertEquals(0, receiver.receive(buffer, received::add));
      assertEquals(-32, Descriptor.send(near, (byte) 1), "EPIPE, and no signal");
    }
    assertTrue(received.isEmpty());
  }

  @Test
  void descriptorsComeAlongEachOnce() throws Exception {
    try (MessageReceiver receiver = new MessageReceiver(near);
        EventFd one = EventFd.open();
        EventFd two = EventFd.open()) {
      send(one.fd(), two.fd());
      send();
      assertEquals(1, receiver.receive(buffer, received::add));
      assertEquals(2, received.size());
      assertTrue(received.stream().allMatch(EventFd::isEventFd));
      long closeOnExec = Syscall.call(Abi.FCNTL, received.getFirst(), 1, 0);
      assertEquals(1, closeOnExec, "FD_CLOEXEC");
      assertEquals(1, receiver.receive(buffer, received::add));
      assertEquals(2, received.size(), "the second message brings none");
    }
  }

  @Test
  void asManyDescriptorsComeAsTheKernelLetsThrough() throws Exception {
    try (MessageReceiver receiver = new MessageReceiver(near);
        EventFd event = EventFd.open()) {
      int[] many = new int[253];
      java.util.Arrays.fill(many, event.fd());
      send(many);
      assertEquals(1, receiver.receive(buffer, received::add));
      assertEquals(253, received.size());
      assertEquals(253, received.stream().distinct().count());
    }
  }
}
