package io.ubiblk.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Bytes that nobody else may see: a key, a password, a token.
 *
 * <p><b>Memory.</b> The bytes lie outside of the Java heap, where the garbage collector does not
 * copy them about, and are overwritten by {@link #close}. A copy that was {@linkplain #toBytes
 * taken out} is the taker's to overwrite; the garbage collector may have moved it before and left
 * an image in free heap memory, about which nothing can be done. The memory is not locked: it may
 * be written to swap space. A secret that is never closed keeps its memory for good.
 *
 * <p><b>Equality</b> is identity: there is no way to compare secrets that does not tell something
 * about them. <b>Text:</b> {@link #toString} prints a marker only, not even the length.
 *
 * <p><b>Thread.</b> Thread-safe.
 */
public final class Secret implements AutoCloseable {

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private boolean closed;

  private Secret(byte[] bytes, int from, int length) {
    memory = arena.allocate(Math.max(1, length)).asSlice(0, length);
    MemorySegment.copy(bytes, from, memory, ValueLayout.JAVA_BYTE, 0, length);
  }

  /**
   * Makes a secret of a copy of bytes.
   *
   * @param bytes the bytes, which remain the caller's
   * @return the secret, to be closed by the caller
   */
  public static Secret copyOf(byte[] bytes) {
    return new Secret(bytes, 0, bytes.length);
  }

  /**
   * Makes a secret of bytes and overwrites them where they were.
   *
   * @param bytes the bytes; all zeros afterwards
   * @return the secret, to be closed by the caller
   */
  public static Secret takeFrom(byte[] bytes) {
    try {
      return copyOf(bytes);
    } finally {
      wipe(bytes);
    }
  }

  /** {@return another secret of the same bytes, to be closed by itself} */
  public Secret copy() {
    return takeFrom(toBytes());
  }

  /** {@return the number of bytes} */
  public int length() {
    return (int) memory.byteSize();
  }

  /**
   * Takes a copy out.
   *
   * @return the bytes, to be {@linkplain #wipe overwritten} by the caller as soon as they are not
   *     needed any more
   * @throws IllegalStateException if the secret has been closed
   */
  public synchronized byte[] toBytes() {
    if (closed) {
      throw new IllegalStateException("the secret has been closed");
    }
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  /**
   * Overwrites bytes with zeros.
   *
   * @param bytes the bytes
   */
  public static void wipe(byte[] bytes) {
    Arrays.fill(bytes, (byte) 0);
  }

  /** Overwrites the bytes and gives the memory back. Closing twice has no effect. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      memory.fill((byte) 0);
      arena.close();
    }
  }

  /** {@return a marker without anything of the content} */
  @Override
  public String toString() {
    return "Secret[redacted]";
  }
}
