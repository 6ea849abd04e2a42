package io.ubiblk.config.secret;

import java.util.Arrays;

/**
 * The bytes of a secret, wiped by {@link #close}.
 *
 * <p>What cannot be wiped: copies that the garbage collector leaves behind when it moves an array,
 * and the text of inline and environment secrets, which the JDK and the TOML parser hold as
 * strings. Programs that care keep secrets in files or pipes and disable core dumps.
 *
 * <p>All methods may be called from any thread.
 */
public final class SecretBytes implements AutoCloseable {

  private final byte[] bytes;
  private boolean closed;

  private SecretBytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Takes an array over.
   *
   * @param bytes the secret; the array belongs to the secret from now on
   * @return the secret
   */
  public static SecretBytes take(byte[] bytes) {
    return new SecretBytes(bytes);
  }

  /** {@return how many bytes the secret has} */
  public int length() {
    return bytes.length;
  }

  /**
   * Copies the secret.
   *
   * @return the bytes, to be wiped by the caller
   * @throws IllegalStateException if the secret has been closed
   */
  public synchronized byte[] copy() {
    if (closed) {
      throw new IllegalStateException("the secret has been wiped");
    }
    return bytes.clone();
  }

  /** Wipes the bytes. Closing twice has no effect. */
  @Override
  public synchronized void close() {
    closed = true;
    Arrays.fill(bytes, (byte) 0);
  }

  /** Prints the length. */
  @Override
  public String toString() {
    return "SecretBytes[" + bytes.length + " bytes, not shown]";
  }
}
