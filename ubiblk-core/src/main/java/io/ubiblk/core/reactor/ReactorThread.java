package io.ubiblk.core.reactor;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.io.IoReactor;
import io.ubiblk.core.linux.CpuAffinity;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A platform thread that opens a loop, drives it, and idles. */
final class ReactorThread {

  private static final Logger LOG = LoggerFactory.getLogger(ReactorThread.class);
  private static final long LONGEST_WAIT_NANOS = 3_600_000_000_000L;

  private final ReactorOptions options;
  private final Thread thread;
  private final CompletableFuture<BaseLoop> opened = new CompletableFuture<>();
  private final PollingBudget guestBudget;
  private final PollingBudget storageBudget;
  private volatile boolean stopping;

  ReactorThread(ReactorOptions options, int index) {
    this.options = options;
    this.guestBudget = new PollingBudget(options.pollNanos());
    this.storageBudget =
        new PollingBudget(Math.min(options.pollNanos(), ReactorOptions.STORAGE_POLL_NANOS));
    this.thread =
        Thread.ofPlatform().daemon().name("ubiblk-reactor-" + index).unstarted(() -> run(index));
    thread.start();
  }

  /** The loop, once the thread has opened it. */
  IoReactor reactor() throws BlockDeviceException {
    try {
      return opened.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof BlockDeviceException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Ends the loop and waits for the thread, also if interrupted: memory is in use until then. */
  void stop() {
    stopping = true;
    try {
      opened.join().execute(() -> {});
    } catch (CompletionException | RejectedExecutionException e) {
      LOG.debug("reactor had ended", e);
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(int index) {
    BaseLoop loop;
    try {
      bind(index);
      loop = options.open();
    } catch (BlockDeviceException | RuntimeException | Error e) {
      opened.completeExceptionally(e);
      return;
    }
    opened.complete(loop);
    try {
      drive(loop);
    } finally {
      loop.close();
    }
  }

  private void bind(int index) throws BlockDeviceException.Io {
    if (index < options.cpus().size()) {
      CpuAffinity.bindCurrentThread(options.cpus().get(index));
    }
  }

  private void drive(BaseLoop loop) {
    long lastWork = System.nanoTime();
    PollingBudget budget = guestBudget;
    while (!stopping) {
      if (turn(loop) > 0) {
        long now = loop.nanoTime();
        budget.workCameAfter(now - lastWork);
        lastWork = now;
        continue;
      }
      budget = loop.inFlight() > 0 ? storageBudget : guestBudget;
      if (loop.nanoTime() - lastWork < budget.window()) {
        Thread.onSpinWait();
      } else {
        await(loop);
      }
    }
  }

  private static void await(BaseLoop loop) {
    try {
      loop.await(LONGEST_WAIT_NANOS);
    } catch (RuntimeException | Error e) {
      LOG.error("work on {} failed", loop, e);
    }
  }

  private static int turn(BaseLoop loop) {
    try {
      return loop.turn();
    } catch (RuntimeException | Error e) {
      // One disk's mistake must not end the others that live on this thread.
      LOG.error("work on {} failed", loop, e);
      return 1;
    }
  }
}
