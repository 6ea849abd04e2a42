package io.ubiblk.crypto;

import io.ubiblk.core.linux.CoreDumpLimit;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Core dumps of a process that holds keys: they would hold the keys, too. */
public final class CoreDumps {

  private static final Logger LOG = LoggerFactory.getLogger(CoreDumps.class);

  private CoreDumps() {}

  /**
   * Disables core dumps of this process for good: it becomes not dumpable, and the limit of core
   * files is set to zero. A program that holds keys calls this first of all. Neither a debugger nor
   * a profiler of the same user can attach any more, and most of {@code /proc/self} belongs to
   * root.
   *
   * <p>A failure is logged as a warning. The JVM's own heap dumps are not affected: see to it that
   * {@code -XX:+HeapDumpOnOutOfMemoryError} is not set.
   *
   * @return whether both succeeded
   */
  public static boolean disable() {
    boolean limited = attempt(CoreDumpLimit::setLimitToZero);
    return attempt(CoreDumpLimit::makeNotDumpable) && limited;
  }

  private static boolean attempt(Step step) {
    try {
      step.run();
      return true;
    } catch (IOException e) {
      LOG.warn("core dumps are not disabled, they may hold keys: {}", e.getMessage());
      return false;
    }
  }

  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }
}
