package io.ubiblk.examples.quickstart;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What the disk must hold: each block of 4 KiB can be told from every other one and from what it
 * was before, by any of its words.
 */
final class Content {

  /** Size of a block in bytes. */
  static final int BLOCK = 4096;

  private static final int WORDS = BLOCK / Long.BYTES;
  private static final int PORTION = 1 << 20;
  private static final long STEP = 0x9E3779B97F4A7C15L;

  /** How often each block has been written since the image was made. */
  private final int[] generations;

  Content(long size) {
    generations = new int[Math.toIntExact(size / BLOCK)];
  }

  /** Returns the number of blocks. */
  int blocks() {
    return generations.length;
  }

  /** Counts a write of a block, which is then to be filled anew. */
  void change(int block) {
    generations[block]++;
  }

  /** Fills memory with what blocks must hold. */
  void fill(int block, MemorySegment dst) {
    for (int i = 0; i < dst.byteSize() / BLOCK; i++) {
      for (int word = 0; word < WORDS; word++) {
        dst.set(ValueLayout.JAVA_LONG, (long) i * BLOCK + word * 8L, word(block + i, word));
      }
    }
  }

  /**
   * Compares memory with what blocks must hold.
   *
   * @throws IOException if a word differs
   */
  void verify(int block, MemorySegment src) throws IOException {
    for (int i = 0; i < src.byteSize() / BLOCK; i++) {
      for (int word = 0; word < WORDS; word++) {
        verify(block + i, src.asSlice((long) i * BLOCK, BLOCK), word);
      }
    }
  }

  /**
   * Compares the ends of a block with what they must hold.
   *
   * @throws IOException if one of them differs
   */
  void verifyEnds(int block, MemorySegment src) throws IOException {
    verify(block, src, 0);
    verify(block, src, WORDS - 1);
  }

  /** Writes the content to a file. */
  void writeTo(Path file) throws IOException {
    ByteBuffer portion = ByteBuffer.allocateDirect(PORTION);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int block = 0; block < generations.length; block += PORTION / BLOCK) {
        fill(block, MemorySegment.ofBuffer(portion.clear()));
        while (portion.hasRemaining()) {
          channel.write(portion);
        }
      }
    }
  }

  private void verify(int block, MemorySegment src, int word) throws IOException {
    long found = src.get(ValueLayout.JAVA_LONG, word * 8L);
    if (found != word(block, word)) {
      throw new IOException(
          "byte "
              + ((long) block * BLOCK + word * 8L)
              + " of the disk reads as 0x"
              + Long.toHexString(found)
              + ", expected 0x"
              + Long.toHexString(word(block, word)));
    }
  }

  private long word(int block, int word) {
    long x = ((long) block << 32 | generations[block]) * STEP + word;
    x = (x ^ (x >>> 32)) * STEP;
    return x ^ (x >>> 29);
  }
}
