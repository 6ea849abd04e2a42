package io.ubiblk.crypto;

import io.ubiblk.api.BlockDeviceException;
import java.util.Arrays;

/**
 * The key of an encrypted disk: an AES-256 key for the data and one for the tweaks, 64 bytes in
 * this order. The halves may be equal, as the format allows. See {@link Secret} for the memory.
 *
 * <p><b>Thread.</b> Thread-safe.
 */
public final class XtsKey implements AutoCloseable {

  /** The length of a key: 64 bytes. */
  public static final int BYTES = 64;

  private static final int HALF = BYTES / 2;

  private final Secret material;

  private XtsKey(Secret material) {
    this.material = material;
  }

  /**
   * Makes a key.
   *
   * @param secret both halves, 64 bytes; remains the caller's to close
   * @return the key, to be closed by the caller
   * @throws BlockDeviceException.BadFormat if it is not 64 bytes long
   */
  public static XtsKey of(Secret secret) throws BlockDeviceException.BadFormat {
    require("disk key", secret, BYTES);
    return new XtsKey(secret.copy());
  }

  /**
   * Makes a key of two parts, as volumes of ubiblk 0.2 have it.
   *
   * @param data encrypts the data, 32 bytes; remains the caller's to close
   * @param tweak encrypts the tweaks, 32 bytes; remains the caller's to close
   * @return the key, to be closed by the caller
   * @throws BlockDeviceException.BadFormat if one is not 32 bytes long
   */
  public static XtsKey ofHalves(Secret data, Secret tweak) throws BlockDeviceException.BadFormat {
    require("data key", data, HALF);
    require("tweak key", tweak, HALF);
    byte[] both = new byte[BYTES];
    copyInto(both, 0, data);
    copyInto(both, HALF, tweak);
    return new XtsKey(Secret.takeFrom(both));
  }

  /** {@return another key of the same bytes, to be closed by itself} */
  public XtsKey copy() {
    return new XtsKey(material.copy());
  }

  /** {@return the half that encrypts data, to be closed by the caller} */
  AesKey dataKey() {
    return half(0);
  }

  /** {@return the half that encrypts tweaks, to be closed by the caller} */
  AesKey tweakKey() {
    return half(HALF);
  }

  private AesKey half(int from) {
    byte[] both = material.toBytes();
    try {
      return new AesKey(Arrays.copyOfRange(both, from, from + HALF));
    } finally {
      Secret.wipe(both);
    }
  }

  private static void copyInto(byte[] dst, int at, Secret src) {
    byte[] bytes = src.toBytes();
    System.arraycopy(bytes, 0, dst, at, bytes.length);
    Secret.wipe(bytes);
  }

  private static void require(String what, Secret secret, int length)
      throws BlockDeviceException.BadFormat {
    if (secret.length() != length) {
      throw new BlockDeviceException.BadFormat(
          "%s has %d bytes, expected %d".formatted(what, secret.length(), length));
    }
  }

  /** Overwrites the key. Closing twice has no effect. */
  @Override
  public void close() {
    material.close();
  }

  /** {@return a marker without anything of the content} */
  @Override
  public String toString() {
    return "XtsKey[redacted]";
  }
}
