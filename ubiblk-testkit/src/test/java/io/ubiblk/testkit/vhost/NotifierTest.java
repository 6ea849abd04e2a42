package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NotifierTest {

  private static List<Notifier> all() throws IOException {
    return List.of(
        Notifier.eventfd(),
        Notifier.blockingEventfd(),
        Notifier.pipeToPeer(false),
        Notifier.pipeToPeer(true),
        Notifier.pipeFromPeer(false),
        Notifier.pipeFromPeer(true));
  }

  @Test
  void aRingIsHeardOnceHoweverOftenItRang() throws IOException {
    for (Notifier notifier : all()) {
      try (notifier) {
        assertFalse(notifier.await(Duration.ZERO));
        notifier.signal();
        notifier.signal();
        assertTrue(notifier.await(Duration.ZERO));
        assertFalse(notifier.await(Duration.ofMillis(1)));
      }
    }
  }

  @Test
  void aFullOneCanBeRungWithoutWaiting() throws IOException {
    for (Notifier notifier : all()) {
      try (notifier) {
        notifier.fill();
        int fd = Descriptors.number(notifier.peerEnd());
        notifier.signal();
        assertFalse(Posix.poll(fd, Posix.POLLOUT, 0), "still writable");
        assertTrue(notifier.await(Duration.ZERO));
        notifier.signal();
        assertTrue(notifier.await(Duration.ZERO));
      }
    }
  }

  @Test
  void waitingEndsWhenAnotherThreadRings() throws Exception {
    try (Notifier notifier = Notifier.eventfd()) {
      Thread thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      Thread.sleep(20);
                      notifier.signal();
                    } catch (IOException | InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                  });
      assertTrue(notifier.await(Duration.ofSeconds(10)));
      thread.join();
    }
  }

  @Test
  void closingLeavesNoDescriptor() throws IOException {
    all().forEach(Notifier::close);
    long before = openDescriptors();
    for (int i = 0; i < 20; i++) {
      all().forEach(Notifier::close);
      GuestMemory.of(4096).close();
      BackendChannel.open().close();
    }
    assertEquals(before, openDescriptors());
  }

  private static long openDescriptors() throws IOException {
    try (Stream<Path> entries = Files.list(Path.of("/proc/self/fd"))) {
      return entries.count();
    }
  }
}
