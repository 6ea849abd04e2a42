package io.ubiblk.config;

/**
 * How the disk is encrypted: the section {@code encryption}.
 *
 * @param xtsKey name of the secret that is the disk's AES-256-XTS key of 64 bytes
 */
public record Encryption(String xtsKey) {

  /** Length of a disk key in bytes. */
  public static final int KEY_BYTES = 64;
}
