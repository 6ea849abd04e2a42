package io.ubiblk.examples.quickstart;

import io.ubiblk.api.StripeSource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** An image that answers as slowly as if it were far away: a source is as little work as this. */
final class DistantSource implements StripeSource {

  private static final int PARALLELISM = 4;

  private final StripeSource image;
  private final Duration delay;

  DistantSource(StripeSource image, Duration delay) {
    this.image = image;
    this.delay = delay;
  }

  @Override
  public long size() {
    return image.size();
  }

  @Override
  public void read(long offset, MemorySegment dst) throws IOException {
    try {
      Thread.sleep(delay);
    } catch (InterruptedException e) {
      throw new InterruptedIOException("no longer wanted");
    }
    image.read(offset, dst);
  }

  @Override
  public int parallelism() {
    return PARALLELISM;
  }

  @Override
  public void close() throws IOException {
    image.close();
  }

  @Override
  public String toString() {
    return "DistantSource(" + image + ", " + delay.toMillis() + " ms)";
  }
}
