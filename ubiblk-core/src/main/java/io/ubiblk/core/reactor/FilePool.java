package io.ubiblk.core.reactor;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that do file I/O for reactors without io_uring: a few for the whole process, started
 * when they are needed and ended when they are not.
 */
final class FilePool {

  private static final int THREADS = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
  private static final int QUEUE = 1 << 14;
  private static final int IDLE_SECONDS = 10;

  private static final ThreadPoolExecutor EXECUTOR = executor();

  private FilePool() {}

  /** Hands over an operation; returns false if too many wait already. */
  static boolean offer(Runnable operation) {
    try {
      EXECUTOR.execute(operation);
      return true;
    } catch (RejectedExecutionException full) {
      return false;
    }
  }

  private static ThreadPoolExecutor executor() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUEUE),
            Thread.ofPlatform().daemon().name("ubiblk-file-", 0).factory());
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
