package io.ubiblk.testkit;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ubiblk.api.Geometry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Content that names itself: every sector of 512 bytes holds its own number and a generation, and
 * the rest of it follows from these two. Content that ended up elsewhere, an older version, and a
 * sector that is half of one version and half of another are told apart.
 *
 * <p>All offsets and lengths are in bytes, and multiples of 512 but for offsets into segments.
 * Generations are 0 or positive; even the sectors of generation 0 are not zeros. Segments may be of
 * any kind and alignment.
 */
public final class Patterns {

  /** What {@link #generation} returns for a sector of zeros. */
  public static final long ZEROS = -1;

  /** What {@link #generation} returns for any other content that is not that sector's pattern. */
  public static final long FOREIGN = -2;

  private static final int SECTOR = Geometry.SECTOR;
  private static final int WORDS = SECTOR / Long.BYTES;
  private static final long SECTOR_MARK = 0x7365_6374_6F72_2323L;
  private static final long GENERATION_MARK = 0x6765_6E65_7261_7465L;
  private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private Patterns() {}

  /**
   * Fills memory with the pattern.
   *
   * @param dst memory to fill
   * @param dstOffset first byte in the memory
   * @param length number of bytes
   * @param position position on the device of the first byte
   * @param generation the generation, at least 0
   */
  public static void fill(
      MemorySegment dst, long dstOffset, long length, long position, long generation) {
    for (long done = 0; done < checked(length); done += SECTOR) {
      long sector = checked(position + done) / SECTOR;
      for (int i = 0; i < WORDS; i++) {
        dst.set(WORD, dstOffset + done + (long) i * Long.BYTES, word(sector, generation, i));
      }
    }
  }

  /**
   * Returns the pattern of a range.
   *
   * @param position position on the device of the first byte
   * @param length number of bytes
   * @param generation the generation, at least 0
   * @return the bytes
   */
  public static byte[] bytes(long position, int length, long generation) {
    byte[] bytes = new byte[length];
    fill(MemorySegment.ofArray(bytes), 0, length, position, generation);
    return bytes;
  }

  /**
   * Finds out which generation a sector holds.
   *
   * @param src memory that holds the sector
   * @param srcOffset first byte of the sector in the memory
   * @param position position on the device that the sector should name
   * @return the generation, {@link #ZEROS} or {@link #FOREIGN}
   */
  public static long generation(MemorySegment src, long srcOffset, long position) {
    long sector = checked(position) / SECTOR;
    long generation = src.get(WORD, srcOffset + Long.BYTES) ^ GENERATION_MARK;
    if (intactWords(src, srcOffset, sector, generation) == WORDS) {
      return generation;
    }
    return isZero(src, srcOffset, SECTOR) ? ZEROS : FOREIGN;
  }

  /**
   * Finds out which position on the device a sector names, whatever its generation.
   *
   * @param src memory that holds the sector
   * @param srcOffset first byte of the sector in the memory
   * @return the position in bytes, or {@link #FOREIGN} if the sector does not hold the pattern
   */
  public static long position(MemorySegment src, long srcOffset) {
    long sector = src.get(WORD, srcOffset) ^ SECTOR_MARK;
    long generation = src.get(WORD, srcOffset + Long.BYTES) ^ GENERATION_MARK;
    boolean intact = intactWords(src, srcOffset, sector, generation) == WORDS;
    return intact ? sector * SECTOR : FOREIGN;
  }

  /**
   * Demands that memory holds the pattern.
   *
   * @param src memory to look at
   * @param srcOffset first byte in the memory
   * @param length number of bytes
   * @param position position on the device of the first byte
   * @param generation the generation that every sector should hold
   * @throws AssertionError if a sector holds anything else; the message says what
   */
  public static void verify(
      MemorySegment src, long srcOffset, long length, long position, long generation) {
    for (long done = 0; done < checked(length); done += SECTOR) {
      long sector = checked(position + done) / SECTOR;
      if (intactWords(src, srcOffset + done, sector, generation) != WORDS) {
        throw new AssertionError(
            "position "
                + (position + done)
                + ": expected sector "
                + sector
                + " of generation "
                + generation
                + ", found "
                + describe(src, srcOffset + done));
      }
    }
  }

  /**
   * Says in words what a sector holds, for messages.
   *
   * @param src memory that holds the sector
   * @param srcOffset first byte of the sector in the memory
   * @return for example {@code sector 7 of generation 2}
   */
  public static String describe(MemorySegment src, long srcOffset) {
    long sector = src.get(WORD, srcOffset) ^ SECTOR_MARK;
    long generation = src.get(WORD, srcOffset + Long.BYTES) ^ GENERATION_MARK;
    int intact = intactWords(src, srcOffset, sector, generation);
    if (intact == WORDS) {
      return "sector " + sector + " of generation " + generation;
    }
    if (intact > 2) {
      return "sector %d of generation %d up to byte %d and other content behind it"
          .formatted(sector, generation, intact * Long.BYTES);
    }
    if (isZero(src, srcOffset, SECTOR)) {
      return "zeros";
    }
    return "unknown content that begins with 0x%016x".formatted(src.get(WORD, srcOffset));
  }

  /**
   * Returns whether memory holds only zeros.
   *
   * @param src memory to look at
   * @param srcOffset first byte in the memory
   * @param length number of bytes
   * @return whether all are zero
   */
  public static boolean isZero(MemorySegment src, long srcOffset, long length) {
    Objects.checkFromIndexSize(srcOffset, length, src.byteSize());
    for (long i = srcOffset; i < srcOffset + length; i++) {
      if (src.get(ValueLayout.JAVA_BYTE, i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static int intactWords(MemorySegment src, long srcOffset, long sector, long generation) {
    int i = 0;
    while (i < WORDS
        && src.get(WORD, srcOffset + (long) i * Long.BYTES) == word(sector, generation, i)) {
      i++;
    }
    return i;
  }

  private static long word(long sector, long generation, int index) {
    return switch (index) {
      case 0 -> sector ^ SECTOR_MARK;
      case 1 -> generation ^ GENERATION_MARK;
      default -> scramble(sector * GOLDEN + generation * 31 + index);
    };
  }

  /** Spreads every bit of a number over the whole result. */
  static long scramble(long n) {
    long x = n * GOLDEN;
    x = (x ^ (x >>> 32)) * 0xD6E8_FEB8_6659_FD93L;
    x = (x ^ (x >>> 29)) * GOLDEN;
    return x ^ (x >>> 32);
  }

  private static long checked(long bytes) {
    if (bytes < 0 || bytes % SECTOR != 0) {
      throw new IllegalArgumentException(bytes + " bytes, expected a multiple of " + SECTOR);
    }
    return bytes;
  }
}
