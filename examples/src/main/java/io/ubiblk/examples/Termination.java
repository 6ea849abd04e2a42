package io.ubiblk.examples;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Frontend;
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
  private volatile boolean atOnce;

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

  /**
   * Says what a signal does: it ends the process at once, with a status that names the signal, or
   * it is a wish that the program follows in order, as it is from the beginning.
   *
   * @param value whether a signal ends the process at once
   */
  public void endAtOnce(boolean value) {
    atOnce = value;
  }

  /**
   * Asks the program to end when a frontend ends, for whatever reason.
   *
   * @param frontend the frontend
   */
  public void follow(Frontend frontend) {
    Thread.startVirtualThread(
        () -> {
          try {
            frontend.awaitClose();
          } catch (InterruptedException | BlockDeviceException.Failed e) {
            // The thread that waits for the termination asks again.
          }
          request();
        });
  }

  /**
   * Waits until the program is asked to end, also by the end of a frontend that it serves with.
   *
   * @param frontend the frontend
   * @throws BlockDeviceException.Failed if the frontend has failed
   * @throws InterruptedException if the thread is interrupted
   */
  public void await(Frontend frontend) throws InterruptedException, BlockDeviceException.Failed {
    follow(frontend);
    await();
    requireSuccess(frontend);
  }

  /**
   * Fails if a frontend has.
   *
   * @param frontend the frontend
   * @throws BlockDeviceException.Failed if the frontend has failed
   * @throws InterruptedException if the thread is interrupted
   */
  public static void requireSuccess(Frontend frontend)
      throws InterruptedException, BlockDeviceException.Failed {
    if (frontend.state() == Frontend.State.FAILED) {
      frontend.awaitClose();
    }
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
    if (atOnce && finished.getCount() > 0) {
      return;
    }
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
