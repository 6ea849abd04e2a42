package io.ubiblk.examples;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The wish that the program may end: expressed by SIGTERM, SIGINT or SIGHUP, or from inside. The
 * program then ends in its own time and with a status of its own.
 */
public final class Termination {

  private final CountDownLatch requested = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile int status;

  /** Creates a termination that only {@link #request} asks for. */
  public Termination() {}

  /** Lets signals ask for the termination from now on. */
  void listenToSignals() {
    Thread hook = new Thread(this::onShutdown, "termination");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Asks the program to end. */
  public void request() {
    requested.countDown();
  }

  /** {@return whether the program was asked to end} */
  public boolean isRequested() {
    return requested.getCount() == 0;
  }

  /**
   * Waits until the program is asked to end.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  public void await() throws InterruptedException {
    requested.await();
  }

  /**
   * Waits until the program is asked to end, for some time.
   *
   * @param time how long
   * @return whether it was asked to end
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean await(Duration time) throws InterruptedException {
    return requested.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Ends the process, also while a signal is being handled. Does not return. */
  void exit(int newStatus) {
    status = newStatus;
    finished.countDown();
    System.exit(newStatus);
  }

  private void onShutdown() {
    request();
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.out.flush();
    // The status of a process that a signal ended would be the signal's.
    Runtime.getRuntime().halt(status);
  }
}
