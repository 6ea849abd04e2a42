package io.ubiblk.testkit;

import io.ubiblk.api.EventLoop;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Drives an {@link EventLoop} from a test: turns it until something has happened, and fails with a
 * message when it does not happen. Confined to the loop's thread.
 *
 * <p>Waiting is bounded by the loop's own clock, so that a simulated loop gives up as soon as its
 * clock has jumped far enough, and by the wall clock.
 */
public final class LoopDriver {

  /** How long to wait for anything, unless the test says otherwise. */
  public static final Duration PATIENCE = Duration.ofSeconds(20);

  // The clock of a simulated loop jumps; work on real threads must still get a moment to end.
  private static final long GRACE_NANOS = 250_000_000L;
  private static final long STEP_NANOS = 5_000_000L;
  private static final long SETTLE_NANOS = 1_000_000L;
  private static final int SETTLE_STEPS = 3;

  private final EventLoop loop;
  private final long patienceNanos;
  private final boolean threads;

  /**
   * Creates a driver that waits for {@link #PATIENCE}.
   *
   * @param loop a loop of the calling thread
   */
  public LoopDriver(EventLoop loop) {
    this(loop, PATIENCE);
  }

  /**
   * Creates a driver.
   *
   * @param loop a loop of the calling thread
   * @param patience how long to wait for anything before it counts as lost
   */
  public LoopDriver(EventLoop loop, Duration patience) {
    this(loop, patience, true);
  }

  private LoopDriver(EventLoop loop, Duration patience, boolean threads) {
    this.loop = loop;
    this.patienceNanos = patience.toNanos();
    this.threads = threads;
  }

  /**
   * Opens a loop as a fixture wants it.
   *
   * @param fixture makes the loop, says how long to wait, and whether blocking calls may be made on
   *     threads of their own
   * @return a driver of the new loop
   * @throws Exception if the loop cannot be opened
   */
  public static LoopDriver open(BlockDeviceFixture fixture) throws Exception {
    return new LoopDriver(fixture.newLoop(), fixture.patience(), fixture.multiThreaded());
  }

  /** {@return the loop} */
  public EventLoop loop() {
    return loop;
  }

  /**
   * Turns the loop until a condition holds.
   *
   * @param condition asked before the first turn and after each
   * @param awaited says what is missing, for the message
   * @throws AssertionError if the condition does not hold in time
   */
  public void until(BooleanSupplier condition, Supplier<String> awaited) {
    long wallStart = System.nanoTime();
    long loopStart = loop.nanoTime();
    while (!condition.getAsBoolean()) {
      if (loop.turn() == 0 && !condition.getAsBoolean()) {
        loop.await(STEP_NANOS);
      }
      long wall = System.nanoTime() - wallStart;
      boolean loopIsLate = loop.nanoTime() - loopStart > patienceNanos;
      if (wall > patienceNanos || (loopIsLate && wall > GRACE_NANOS)) {
        throw new AssertionError("gave up waiting for " + awaited.get());
      }
    }
  }

  /**
   * Turns the loop until it has had nothing to do for some milliseconds.
   *
   * @throws AssertionError if that does not happen in time
   */
  public void settle() {
    int[] quiet = new int[1];
    until(
        () -> {
          loop.await(quiet[0] == 0 ? 0 : SETTLE_NANOS);
          quiet[0] = loop.turn() == 0 ? quiet[0] + 1 : 0;
          return quiet[0] > SETTLE_STEPS;
        },
        () -> "the loop to have nothing to do");
  }

  /**
   * Makes a call that may block, such as {@link io.ubiblk.api.BlockDevice#close}, on a thread of
   * its own while this thread turns the loop. On this thread if the fixture has said that there can
   * be no other; see {@link BlockDeviceFixture#multiThreaded}.
   *
   * @param <T> type of the result
   * @param call the call
   * @return what the call returned
   * @throws Exception what the call threw
   * @throws AssertionError if the call does not return in time
   */
  public <T> T call(Callable<T> call) throws Exception {
    if (!threads) {
      return call.call();
    }
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = Thread.ofPlatform().daemon().name("testkit-blocking-call").start(task);
    long start = System.nanoTime();
    while (!thread.join(Duration.ofMillis(loop.turn() == 0 ? 1 : 0)) && !task.isDone()) {
      if (System.nanoTime() - start > patienceNanos) {
        AssertionError late = new AssertionError("a blocking call does not return");
        late.setStackTrace(thread.getStackTrace());
        throw late;
      }
    }
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /**
   * Makes a call that may block and returns nothing; see {@link #call}.
   *
   * @param call the call
   * @throws Exception what the call threw
   * @throws AssertionError if the call does not return in time
   */
  public void run(BlockingCall call) throws Exception {
    call(
        () -> {
          call.run();
          return true;
        });
  }

  /** A call that may block. */
  @FunctionalInterface
  public interface BlockingCall {

    /**
     * Makes the call.
     *
     * @throws Exception if the call fails
     */
    void run() throws Exception;
  }
}
