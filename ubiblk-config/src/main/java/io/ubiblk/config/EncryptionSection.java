package io.ubiblk.config;

import io.ubiblk.crypto.XtsKey;

/**
 * How the disk is encrypted: the section {@code encryption}.
 *
 * @param xtsKey name of the secret that is the disk's AES-256-XTS key of 64 bytes
 */
public record EncryptionSection(String xtsKey) {

  /** Length of a disk key in bytes. */
  public static final int KEY_BYTES = XtsKey.BYTES;
}
