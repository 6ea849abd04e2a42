package io.ubiblk.core.io;

import io.ubiblk.api.Reactor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Runs things on a reactor's thread for a thread that is none, and that waits for them. */
public final class OnReactor {

  /**
   * Something that a reactor is to do.
   *
   * @param <T> what it results in
   */
  @FunctionalInterface
  public interface Work<T> {
    /**
     * Does it, on the reactor's thread.
     *
     * @return the result
     * @throws IOException if it fails; thrown to whoever waits
     */
    T run() throws IOException;
  }

  private OnReactor() {}

  /**
   * Runs work and waits for its result. Must not be called on a reactor's thread. What was handed
   * over cannot be taken back: an interruption is kept until the work is done.
   *
   * @param <T> what the work results in
   * @param reactor the reactor
   * @param work the work
   * @return the result
   * @throws IOException if the work throws it; unchecked exceptions are thrown on, too
   * @throws java.util.concurrent.RejectedExecutionException if the reactor has been closed
   */
  public static <T> T call(Reactor reactor, Work<T> work) throws IOException {
    CompletableFuture<T> result = new CompletableFuture<>();
    reactor.execute(
        () -> {
          try {
            result.complete(work.run());
          } catch (IOException | RuntimeException | Error e) {
            result.completeExceptionally(e);
          }
        });
    return Uninterrupted.await(() -> await(result));
  }

  /**
   * Runs work and waits until it is done, as {@link #call} does.
   *
   * @param reactor the reactor
   * @param work the work; what it throws is thrown on
   * @throws java.util.concurrent.RejectedExecutionException if the reactor has been closed
   */
  public static void run(Reactor reactor, Runnable work) {
    try {
      call(
          reactor,
          () -> {
            work.run();
            return true;
          });
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /**
   * Waits for a result that a reactor delivers.
   *
   * @param <T> type of the result
   * @param result the result to come
   * @return the result
   * @throws IOException if the result is one; unchecked exceptions are thrown on, too
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public static <T> T await(CompletableFuture<T> result) throws IOException, InterruptedException {
    try {
      return result.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case RuntimeException runtime -> throw runtime;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }
}
