package io.ubiblk.core.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Reactor;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class OnReactorTest {

  private ReactorGroup group;
  private Reactor reactor;

  @BeforeEach
  void start() throws Exception {
    group = ReactorGroup.start(ReactorOptions.of(1));
    reactor = group.next();
  }

  @AfterEach
  void stop() {
    group.close();
  }

  @Test
  void resultsAndFailuresComeBackAsTheyAre() throws Exception {
    assertTrue(OnReactor.call(reactor, reactor::inReactor));
    IOException io = new IOException();
    assertSame(io, assertThrows(IOException.class, () -> OnReactor.call(reactor, () -> fail(io))));
    IllegalStateException bug = new IllegalStateException();
    assertSame(
        bug,
        assertThrows(
            IllegalStateException.class,
            () ->
                OnReactor.run(
                    reactor,
                    () -> {
                      throw bug;
                    })));
    assertThrows(AssertionError.class, () -> OnReactor.call(reactor, OnReactorTest::error));
  }

  private static boolean fail(IOException e) throws IOException {
    throw e;
  }

  private static boolean error() {
    throw new AssertionError("on purpose");
  }

  @Test
  void aClosedReactorRefuses() {
    group.close();
    assertThrows(RejectedExecutionException.class, () -> OnReactor.run(reactor, () -> {}));
  }

  @Test
  @Timeout(60)
  void whoCallsAReactorThatEndsIsServedOrRefused() throws Exception {
    for (int round = 0; round < 100; round++) {
      ReactorGroup ending = ReactorGroup.start(ReactorOptions.of(1));
      Reactor last = ending.next();
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        callers.add(Thread.ofPlatform().daemon().start(() -> callUntilRefused(last)));
      }
      if (round % 2 == 0) {
        Thread.sleep(1);
      }
      ending.close();
      for (Thread caller : callers) {
        assertTrue(caller.join(Duration.ofSeconds(20)), "a caller waits for ever");
      }
    }
  }

  private static void callUntilRefused(Reactor last) {
    try {
      while (true) {
        OnReactor.run(last, () -> {});
      }
    } catch (RejectedExecutionException refused) {
      // As it should be.
    }
  }

  @Test
  void anInterruptionIsKeptUntilTheWorkIsDone() throws Exception {
    CountDownLatch mayGoOn = new CountDownLatch(1);
    boolean[] seen = new boolean[2];
    Thread caller =
        Thread.ofPlatform()
            .start(
                () -> {
                  OnReactor.run(reactor, () -> await(mayGoOn));
                  seen[0] = true;
                  seen[1] = Thread.currentThread().isInterrupted();
                });
    caller.interrupt();
    assertFalse(caller.join(Duration.ofMillis(20)));
    mayGoOn.countDown();
    caller.join();
    assertTrue(seen[0]);
    assertTrue(seen[1]);
    assertFalse(Thread.currentThread().isInterrupted());
    assertEquals(0, mayGoOn.getCount());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
