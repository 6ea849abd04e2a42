package io.ubiblk.testkit;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.StripeSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import java.util.function.LongPredicate;

/**
 * A source of reproducible content of any size: every eight bytes name their own position and the
 * seed, so that content that ended up elsewhere is recognised.
 *
 * <p>Strict: a read that the contract of {@link StripeSource} does not allow, because it does not
 * begin at a stripe or because the stripe is not present, throws {@link IllegalArgumentException}.
 *
 * <p><b>Thread.</b> Thread-safe.
 */
public final class PatternSource implements StripeSource {

  private static final long ODD = 0x9E37_79B9_7F4A_7C15L;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final long seed;
  private final long size;
  private final int stripeSize;
  private final boolean servesParts;
  private final int parallelism;
  private final LongPredicate present;
  private volatile boolean closed;

  private PatternSource(
      long seed,
      long size,
      int stripeSize,
      boolean servesParts,
      int parallelism,
      LongPredicate present) {
    this.seed = seed;
    this.size = size;
    this.stripeSize = stripeSize;
    this.servesParts = servesParts;
    this.parallelism = parallelism;
    this.present = present;
  }

  /**
   * Creates a source that takes any stripe size, serves parts, and has every stripe.
   *
   * @param seed decides the content
   * @param size size in bytes, of any value
   */
  public PatternSource(long seed, long size) {
    this(seed, size, 0, true, 16, _ -> true);
  }

  /**
   * Returns a source like this one that is stored in stripes and serves only whole ones.
   *
   * @param bytes stripe size in bytes
   * @return a new source
   */
  public PatternSource withStripes(int bytes) {
    return new PatternSource(seed, size, bytes, false, parallelism, present);
  }

  /**
   * Returns a source like this one that serves parts of stripes or does not.
   *
   * @param parts whether it serves parts
   * @return a new source
   */
  public PatternSource withParts(boolean parts) {
    return new PatternSource(seed, size, stripeSize, parts, parallelism, present);
  }

  /**
   * Returns a source like this one that likes another number of reads at once.
   *
   * @param reads how many
   * @return a new source
   */
  public PatternSource withParallelism(int reads) {
    return new PatternSource(seed, size, stripeSize, servesParts, reads, present);
  }

  /**
   * Returns a source like this one in which some stripes are missing. They read as zeros on the
   * disk and must not be asked for.
   *
   * @param stripes says by index which stripes are present
   * @return a new source
   */
  public PatternSource withPresent(LongPredicate stripes) {
    return new PatternSource(seed, size, stripeSize, servesParts, parallelism, stripes);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public OptionalInt stripeSize() {
    return stripeSize == 0 ? OptionalInt.empty() : OptionalInt.of(stripeSize);
  }

  @Override
  public boolean contains(long stripe, int stripeBytes) {
    return StripeSource.super.contains(stripe, stripeBytes) && present.test(stripe);
  }

  @Override
  public boolean servesParts() {
    return servesParts;
  }

  @Override
  public int parallelism() {
    return parallelism;
  }

  @Override
  public void read(long offset, MemorySegment dst) throws BlockDeviceException {
    if (closed) {
      throw new BlockDeviceException.Closed(this + " has been closed");
    }
    long length = dst.byteSize();
    if (offset < 0 || offset > Long.MAX_VALUE - length || length == 0) {
      throw new IllegalArgumentException("read of %d bytes at %d".formatted(length, offset));
    }
    if (stripeSize != 0) {
      long stripe = offset / stripeSize;
      boolean whole = offset % stripeSize == 0 && length == stripeSize;
      boolean inside = (offset + length - 1) / stripeSize == stripe;
      if (!inside || !(whole || servesParts)) {
        throw new IllegalArgumentException(
            "read of %d bytes at %d, expected %s of %d bytes"
                .formatted(
                    length, offset, servesParts ? "part of a stripe" : "a stripe", stripeSize));
      }
      if (!contains(stripe, stripeSize)) {
        throw new IllegalArgumentException("stripe " + stripe + " is read and is not present");
      }
    }
    fill(offset, dst);
  }

  /**
   * Fills memory with the source's content, whatever is present, and zeros behind its end.
   *
   * @param offset first byte, of any alignment
   * @param dst memory of any kind to fill to its end
   */
  public void fill(long offset, MemorySegment dst) {
    long end = Math.max(0, Math.min(dst.byteSize(), size - offset));
    long at = 0;
    while (at < end) {
      long position = offset + at;
      long word = word(position & -Long.BYTES);
      int skip = (int) (position % Long.BYTES);
      if (skip == 0 && end - at >= Long.BYTES) {
        dst.set(WORD, at, word);
        at += Long.BYTES;
      } else {
        dst.set(ValueLayout.JAVA_BYTE, at, (byte) (word >>> (skip * Byte.SIZE)));
        at++;
      }
    }
    dst.asSlice(end).fill((byte) 0);
  }

  /**
   * Fills memory with what a disk with this source holds: content of the stripes that are present,
   * and zeros elsewhere.
   *
   * @param offset first byte, of any alignment
   * @param dst memory of any kind to fill to its end
   * @param stripeBytes the disk's stripe size in bytes
   */
  public void fillDisk(long offset, MemorySegment dst, int stripeBytes) {
    fill(offset, dst);
    for (long at = 0; at < dst.byteSize(); ) {
      long stripe = (offset + at) / stripeBytes;
      long part = Math.min(dst.byteSize() - at, (stripe + 1) * stripeBytes - offset - at);
      if (!contains(stripe, stripeBytes)) {
        dst.asSlice(at, part).fill((byte) 0);
      }
      at += part;
    }
  }

  /**
   * Demands that memory holds what a disk with this source holds.
   *
   * @param offset position on the disk of the first byte
   * @param actual memory of any kind
   * @param stripeBytes the disk's stripe size in bytes
   * @throws AssertionError if a byte differs; the message names the position that the content
   *     belongs to, if it is content of this source
   */
  public void verifyDisk(long offset, MemorySegment actual, int stripeBytes) {
    MemorySegment expected = MemorySegment.ofArray(new byte[(int) actual.byteSize()]);
    fillDisk(offset, expected, stripeBytes);
    long at = expected.mismatch(actual);
    if (at >= 0) {
      throw new AssertionError(
          "byte at %d differs from %s%s".formatted(offset + at, this, origin(offset, at, actual)));
    }
  }

  private String origin(long offset, long at, MemorySegment actual) {
    long aligned = at - (offset + at) % Long.BYTES;
    if (aligned < 0 || aligned + Long.BYTES > actual.byteSize()) {
      return "";
    }
    long position = (actual.get(WORD, aligned) ^ Patterns.scramble(seed)) * inverse();
    boolean ours = position >= 0 && position < size && position % Long.BYTES == 0;
    return ours ? ", it holds what belongs to " + position : "";
  }

  private long word(long position) {
    return position * ODD ^ Patterns.scramble(seed);
  }

  /** The number that undoes a multiplication by ODD, by Newton's iteration modulo 2^64. */
  private static long inverse() {
    long x = ODD;
    for (int i = 0; i < 6; i++) {
      x *= 2 - ODD * x;
    }
    return x;
  }

  @Override
  public void close() {
    closed = true;
  }

  @Override
  public String toString() {
    return "PatternSource[seed %d, %d bytes]".formatted(seed, size);
  }
}
