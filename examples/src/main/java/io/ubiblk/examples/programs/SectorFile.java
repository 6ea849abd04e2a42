package io.ubiblk.examples.programs;

import io.ubiblk.api.Geometry;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Takes sectors of one file to another. */
final class SectorFile {

  private static final int PORTION = 1024 * Geometry.SECTOR;

  private SectorFile() {}

  /**
   * Sectors of a file.
   *
   * @param first number of the first sector
   * @param count number of sectors
   */
  record Range(long first, long count) {}

  /** Changes sectors in place. */
  @FunctionalInterface
  interface Conversion {
    void apply(long sector, MemorySegment data) throws IOException;
  }

  /** Returns a range of a file, or complains. A negative count stands for all up to the end. */
  static Range range(Path file, long first, long count) throws IOException {
    long sectors = UnlockedFile.size(file) / Geometry.SECTOR;
    if (first >= sectors) {
      throw new IOException(
          file + " has " + sectors + " sectors, expected more than the start of " + first);
    }
    long left = sectors - first;
    if (count > left) {
      throw new IOException(
          file + " has " + left + " sectors from the start on, expected at least " + count);
    }
    return new Range(first, count < 0 ? left : count);
  }

  /** Converts sectors; the first one goes to a given sector of the output. */
  static void convert(Path input, Path output, Range range, long target, Conversion conversion)
      throws IOException {
    try (FileChannel in = FileChannel.open(input, StandardOpenOption.READ);
        FileChannel out =
            FileChannel.open(
                output,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
      MemorySegment portion = MemorySegment.ofArray(new byte[PORTION]);
      long bytes = range.count() * Geometry.SECTOR;
      for (long done = 0; done < bytes; done += PORTION) {
        MemorySegment data = portion.asSlice(0, Math.min(PORTION, bytes - done));
        long from = range.first() * Geometry.SECTOR + done;
        readFully(in, from, data.asByteBuffer());
        conversion.apply(from / Geometry.SECTOR, data);
        ByteBuffer converted = data.asByteBuffer();
        while (converted.hasRemaining()) {
          out.write(converted, target * Geometry.SECTOR + done + converted.position());
        }
      }
    }
  }

  private static void readFully(FileChannel in, long from, ByteBuffer data) throws IOException {
    while (data.hasRemaining()) {
      if (in.read(data, from + data.position()) < 0) {
        throw new EOFException("the input has become shorter while it was read");
      }
    }
  }
}
