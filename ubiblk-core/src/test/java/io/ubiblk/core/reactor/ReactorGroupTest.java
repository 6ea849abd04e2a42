package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.io.OnReactor;
import io.ubiblk.core.linux.CpuAffinity;
import io.ubiblk.core.linux.EventFd;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ReactorGroupTest {

  private static final ReactorOptions.Kind[] KINDS = {
    ReactorOptions.Kind.RING, ReactorOptions.Kind.EPOLL
  };

  private static long cpuNanos(long thread) {
    ThreadMXBean beans = ManagementFactory.getThreadMXBean();
    return beans.getThreadCpuTime(thread);
  }

  @Test
  void anIdleReactorUsesNoProcessor() throws Exception {
    List<ReactorGroup> groups = new ArrayList<>();
    List<EventFd> events = new ArrayList<>();
    List<Long> threads = new ArrayList<>();
    for (ReactorOptions.Kind kind : KINDS) {
      ReactorGroup group = ReactorGroup.start(ReactorOptions.of(1).withKind(kind));
      groups.add(group);
      EventFd event = EventFd.open();
      events.add(event);
      Reactor reactor = group.next();
      threads.add(
          OnReactor.call(
              reactor,
              () -> {
                // What a disk without requests leaves there.
                IoReactor io = (IoReactor) reactor;
                io.watch(event.fd(), () -> {});
                io.poll(new LoopContract.Counting()).activate();
                return Thread.currentThread().threadId();
              }));
    }
    Thread.sleep(500);
    long[] before = threads.stream().mapToLong(ReactorGroupTest::cpuNanos).toArray();
    Thread.sleep(2_000);
    for (int i = 0; i < threads.size(); i++) {
      long used = cpuNanos(threads.get(i)) - before[i];
      assertTrue(used < 20_000_000, KINDS[i] + " used " + used + " ns of 2 s");
    }
    groups.forEach(ReactorGroup::close);
    events.forEach(EventFd::close);
  }

  @Test
  void reactorsAreGivenOutInTurn() throws Exception {
    try (ReactorGroup group = ReactorGroup.start(ReactorOptions.of(2))) {
      Reactor first = group.next();
      Reactor second = group.next();
      assertNotSame(first, second);
      assertSame(first, group.next());
      assertEquals(List.of(first, second), group.reactors());
      long one = OnReactor.call(first, () -> Thread.currentThread().threadId());
      long two = OnReactor.call(second, () -> Thread.currentThread().threadId());
      assertTrue(one != two);
    }
  }

  @Test
  void workThatThrowsDoesNotEndTheReactor() throws Exception {
    for (ReactorOptions.Kind kind : KINDS) {
      try (ReactorGroup group = ReactorGroup.start(ReactorOptions.of(1).withKind(kind))) {
        IoReactor reactor = (IoReactor) group.next();
        reactor.execute(
            () -> {
              throw new IllegalStateException("on purpose: a task");
            });
        try (EventFd event = EventFd.open()) {
          CountDownLatch thrown = new CountDownLatch(1);
          OnReactor.call(
              reactor,
              () ->
                  reactor.watch(
                      event.fd(),
                      () -> {
                        thrown.countDown();
                        throw new IllegalStateException("on purpose: a watch");
                      }));
          event.signal();
          assertTrue(thrown.await(10, TimeUnit.SECONDS));
          OnReactor.run(reactor, () -> reactor.poll(new Restless()).activate());
        }
        Thread.sleep(5);
        assertTrue(OnReactor.call(reactor, reactor::inReactor));
      }
    }
  }

  /** A poller that throws when it is put to rest. */
  private static final class Restless implements io.ubiblk.core.io.Poller {
    @Override
    public int poll() {
      return 0;
    }

    @Override
    public boolean rest() {
      throw new IllegalStateException("on purpose: a poller");
    }
  }

  @Test
  void aClosedGroupLeavesNeitherThreadsNorDescriptors() throws Exception {
    ReactorGroup.start(ReactorOptions.of(1)).close();
    long before = descriptors();
    for (int i = 0; i < 20; i++) {
      ReactorOptions options = ReactorOptions.of(2).withKind(KINDS[i % 2]);
      ReactorGroup group = ReactorGroup.start(options);
      Reactor reactor = group.next();
      long thread = OnReactor.call(reactor, () -> Thread.currentThread().threadId());
      group.close();
      assertEquals(-1, cpuNanos(thread), "the thread has ended");
      assertThrows(
          java.util.concurrent.RejectedExecutionException.class, () -> reactor.execute(() -> {}));
    }
    assertTrue(descriptors() <= before + 1, descriptors() + " descriptors, were " + before);
  }

  private static long descriptors() throws Exception {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  @Test
  void threadsAreBoundInTheOrderOfTheList() throws Exception {
    int cpu = CpuAffinity.ofCurrentThread().length() - 1;
    ReactorOptions options = ReactorOptions.of(2).withCpus(List.of(cpu));
    try (ReactorGroup group = ReactorGroup.start(options)) {
      List<Reactor> reactors = group.reactors();
      assertEquals("{" + cpu + "}", affinity(reactors.get(0)));
      assertEquals(CpuAffinity.ofCurrentThread().toString(), affinity(reactors.get(1)));
    }
  }

  private static String affinity(Reactor reactor) throws Exception {
    return OnReactor.call(reactor, () -> CpuAffinity.ofCurrentThread().toString());
  }

  @Test
  void aGroupThatCannotStartSaysWhy() {
    ReactorOptions options = ReactorOptions.of(1).withCpus(List.of(8191));
    BlockDeviceException e =
        assertThrows(BlockDeviceException.Io.class, () -> ReactorGroup.start(options));
    assertTrue(e.toString().contains("processor 8191"), e.getMessage());
  }

  @Test
  void theSharedGroupStaysOpen() throws Exception {
    ReactorGroup shared = ReactorGroup.shared();
    shared.close();
    assertSame(shared, ReactorGroup.shared());
    assertTrue(OnReactor.call(shared.next(), () -> Thread.currentThread().isDaemon()));
  }
}
