package io.ubiblk.core.lazy;

/**
 * How a {@link LazyDevice} fills itself.
 *
 * @param copyOnRead whether reading a stripe brings it to the disk. Without it, reads of what is
 *     not on the disk go to the source, if the source is a device underneath; other sources are
 *     always copied.
 * @param autofetch whether to fetch everything in the background; requests overtake
 * @param trackWritten whether to keep in the metadata which stripes were written
 * @param fetchMemory most bytes of memory that fetches of this disk take at once; one stripe is
 *     always allowed
 * @param attempts how often a fetch or a metadata update is tried before the requests that wait for
 *     it fail
 * @param retryDelayNanos delay before the second attempt in nanoseconds; it doubles for each
 *     further one
 */
public record LazyOptions(
    boolean copyOnRead,
    boolean autofetch,
    boolean trackWritten,
    long fetchMemory,
    int attempts,
    long retryDelayNanos) {

  private static final long DEFAULT_MEMORY = 32L << 20;
  private static final int DEFAULT_ATTEMPTS = 4;
  private static final long DEFAULT_DELAY_NANOS = 100_000_000;

  /** Copy on read, no autofetch, no tracking; 32 MiB of memory, four attempts. */
  public static final LazyOptions DEFAULT =
      new LazyOptions(true, false, false, DEFAULT_MEMORY, DEFAULT_ATTEMPTS, DEFAULT_DELAY_NANOS);

  /** Checks the values. */
  public LazyOptions {
    if (fetchMemory < 0) {
      throw new IllegalArgumentException(fetchMemory + " bytes for fetches, expected at least 0");
    }
    if (attempts < 1) {
      throw new IllegalArgumentException(attempts + " attempts, expected at least 1");
    }
    if (retryDelayNanos < 0) {
      throw new IllegalArgumentException(
          "retry delay of " + retryDelayNanos + " ns, expected at least 0");
    }
  }

  /**
   * Returns a copy with copy-on-read, or without.
   *
   * @param value whether reading a stripe brings it to the disk
   * @return the copy
   */
  public LazyOptions withCopyOnRead(boolean value) {
    return new LazyOptions(value, autofetch, trackWritten, fetchMemory, attempts, retryDelayNanos);
  }

  /**
   * Returns a copy with autofetch, or without.
   *
   * @param value whether to fetch everything in the background
   * @return the copy
   */
  public LazyOptions withAutofetch(boolean value) {
    return new LazyOptions(copyOnRead, value, trackWritten, fetchMemory, attempts, retryDelayNanos);
  }

  /**
   * Returns a copy that tracks writes, or not.
   *
   * @param value whether to keep which stripes were written
   * @return the copy
   */
  public LazyOptions withTrackWritten(boolean value) {
    return new LazyOptions(copyOnRead, autofetch, value, fetchMemory, attempts, retryDelayNanos);
  }

  /**
   * Returns a copy with another limit of memory.
   *
   * @param bytes most bytes that fetches take at once
   * @return the copy
   */
  public LazyOptions withFetchMemory(long bytes) {
    return new LazyOptions(copyOnRead, autofetch, trackWritten, bytes, attempts, retryDelayNanos);
  }

  /**
   * Returns a copy with other retries.
   *
   * @param count how often something is tried
   * @param delayNanos delay before the second attempt in nanoseconds
   * @return the copy
   */
  public LazyOptions withRetries(int count, long delayNanos) {
    return new LazyOptions(copyOnRead, autofetch, trackWritten, fetchMemory, count, delayNanos);
  }
}
