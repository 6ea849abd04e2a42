package io.ubiblk.core.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Takes back what was done before something failed; the first failure is the one that counts. */
public final class AfterFailure {

  private AfterFailure() {}

  /**
   * Closes something.
   *
   * @param cause why; what goes wrong meanwhile is added to it as suppressed
   * @param open what to close
   */
  public static void close(Throwable cause, AutoCloseable open) {
    try {
      open.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cause.addSuppressed(e);
    } catch (Exception | Error e) {
      if (e != cause) {
        cause.addSuppressed(e);
      }
    }
  }

  /**
   * Deletes a file.
   *
   * @param cause why; what goes wrong meanwhile is added to it as suppressed
   * @param file the file; may be missing
   */
  public static void delete(Throwable cause, Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException | RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
