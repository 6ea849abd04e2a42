package io.ubiblk.crypto;

import io.ubiblk.core.Layer;

/**
 * Encryption as a layer of a virtual disk.
 *
 * <pre>{@code
 * try (XtsKey key = ...;
 *     VirtualDisk disk =
 *         VirtualDisk.builder()
 *             .file(Path.of("disk.raw"))
 *             .storedThrough(Encryption.aesXts(key))
 *             .lazyFrom(Path.of("image.raw"), Path.of("disk.metadata"))
 *             .build()) {
 *   ...
 * }
 * }</pre>
 *
 * <p>What is stored through a layer is the disk's data and, on a disk that is filled from a source,
 * its metadata, each with the same key and sector numbers of its own, as the format demands. The
 * source itself is read as it is.
 */
public final class Encryption {

  private Encryption() {}

  /**
   * Encrypts with AES-256-XTS in ubiblk's layout.
   *
   * @param key the key; remains the caller's, who may close it once the disk has been built
   * @return the layer
   */
  public static Layer aesXts(XtsKey key) {
    return aesXts(key, TweakLayout.UBIBLK);
  }

  /**
   * Encrypts with AES-256-XTS.
   *
   * @param key the key; remains the caller's, who may close it once the disk has been built
   * @param layout where the sector's number stands in the tweak
   * @return the layer
   */
  public static Layer aesXts(XtsKey key, TweakLayout layout) {
    return device -> new XtsBlockDevice(device, key, layout);
  }
}
