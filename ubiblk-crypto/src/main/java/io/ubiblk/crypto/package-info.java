/**
 * Encryption at rest, and the secrets that it needs.
 *
 * <p>{@link io.ubiblk.crypto.Encryption} makes the layer for {@link
 * io.ubiblk.core.VirtualDiskBuilder#storedThrough}; {@link io.ubiblk.crypto.XtsBlockDevice} is that
 * layer, over any device. {@link io.ubiblk.crypto.XtsCipher} is the bare cipher, for tools.
 *
 * <p>{@link io.ubiblk.crypto.Secret} holds key material, {@link io.ubiblk.crypto.SecretEncoding}
 * reads it, {@link io.ubiblk.crypto.KeyWrapping} encrypts it under another key, and {@link
 * io.ubiblk.crypto.Secrets} resolves secrets that are encrypted by each other.
 *
 * <p><b>Key material</b> is never in a text, a log line or an exception. It is overwritten when its
 * holder is closed, as far as the JDK allows; each class says where it does not.
 */
package io.ubiblk.crypto;
