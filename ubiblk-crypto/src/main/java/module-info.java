/**
 * Encryption at rest: AES-256-XTS as a layer of a virtual disk, and the secrets that it needs.
 *
 * <p>Begin with {@link io.ubiblk.crypto.Encryption}.
 */
@org.jspecify.annotations.NullMarked
module io.ubiblk.crypto {
  requires transitive io.ubiblk.api;
  requires transitive io.ubiblk.core;
  requires static transitive org.jspecify;
  requires org.slf4j;

  exports io.ubiblk.crypto;
}
