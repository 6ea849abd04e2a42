package io.ubiblk.examples;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The program vhost-backend, run in this process until it is closed. */
public final class RunningBackend implements AutoCloseable {

  private final Termination termination = new Termination();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

  /** Starts it; its sockets are there a moment later. */
  public RunningBackend(Path configuration) {
    Thread.ofPlatform()
        .name("vhost-backend")
        .start(
            () -> {
              try {
                outcome.complete(
                    Outcome.of(termination, "vhost-backend", "-f", configuration.toString()));
              } catch (RuntimeException | Error e) {
                outcome.completeExceptionally(e);
              }
            });
  }

  /** Tells it to end, as a signal would, and waits for the end. */
  public Outcome end() throws IOException {
    termination.request();
    try {
      return outcome.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  @Override
  public void close() throws IOException {
    end();
  }
}
