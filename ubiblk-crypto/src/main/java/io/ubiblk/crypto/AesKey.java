package io.ubiblk.crypto;

import javax.crypto.SecretKey;

/** A key in the form that the JDK's ciphers take, as short a time as possible. */
@SuppressWarnings("serial") // the JDK's interface is serializable, no key of ours ever is
final class AesKey implements SecretKey, AutoCloseable {

  private final byte[] bytes;

  /** Takes the bytes over; {@link #close} overwrites them. */
  AesKey(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public String getAlgorithm() {
    return "AES";
  }

  @Override
  public String getFormat() {
    return "RAW";
  }

  /** {@return a copy, which the JDK's ciphers overwrite when they have used it} */
  @Override
  public byte[] getEncoded() {
    return bytes.clone();
  }

  @Override
  public void close() {
    Secret.wipe(bytes);
  }

  @Override
  public String toString() {
    return "AesKey[redacted]";
  }
}
