package io.ubiblk.crypto;

import io.ubiblk.api.BlockDeviceException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Encrypts secrets under a key with AES-256-GCM.
 *
 * <p>A wrapped value is a nonce of 12 random bytes, the ciphertext, which is as long as the secret,
 * and a tag of 16 bytes. Associated data binds it to its use, such as the name of a secret: a value
 * that was wrapped for one use cannot be unwrapped for another.
 *
 * <p>The JDK keeps copies of what it encrypts and decrypts in buffers on the heap that cannot be
 * reached, and so are not overwritten before the memory is used again; what this class itself makes
 * is overwritten.
 *
 * @see <a href="https://csrc.nist.gov/pubs/sp/800/38/d/final">NIST SP 800-38D</a>
 */
public final class KeyWrapping {

  /** The length of a key that wraps others: 32 bytes. */
  public static final int KEY_BYTES = 32;

  /** How much longer a wrapped value is than the secret in it: 28 bytes. */
  public static final int OVERHEAD_BYTES = 28;

  private static final int NONCE_BYTES = 12;
  private static final int TAG_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private KeyWrapping() {}

  /**
   * Wraps a secret.
   *
   * @param key the key to wrap it with, 32 bytes
   * @param secret the secret
   * @param use what the value is for, such as the secret's name; the same is needed to unwrap it
   * @return nonce, ciphertext and tag
   * @throws BlockDeviceException.BadFormat if the key is not 32 bytes long
   */
  public static byte[] wrap(Secret key, Secret secret, String use)
      throws BlockDeviceException.BadFormat {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    byte[] plain = secret.toBytes();
    try {
      byte[] sealed =
          run(Cipher.ENCRYPT_MODE, key, nonce, use.getBytes(StandardCharsets.UTF_8), plain);
      byte[] wrapped = Arrays.copyOf(nonce, NONCE_BYTES + sealed.length);
      System.arraycopy(sealed, 0, wrapped, NONCE_BYTES, sealed.length);
      return wrapped;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM cannot encrypt", e);
    } finally {
      Secret.wipe(plain);
    }
  }

  /**
   * Unwraps a secret.
   *
   * @param key the key that it was wrapped with, 32 bytes
   * @param wrapped nonce, ciphertext and tag
   * @param use what the value was wrapped for
   * @return the secret, to be closed by the caller; it may be empty
   * @throws BlockDeviceException.BadFormat if the key is not 32 bytes long, or the value too short
   * @throws BlockDeviceException.Mismatch if the value was wrapped with another key or for another
   *     use, or has been changed
   */
  public static Secret unwrap(Secret key, byte[] wrapped, String use) throws BlockDeviceException {
    if (wrapped.length < OVERHEAD_BYTES) {
      throw tooShort(use, wrapped.length, OVERHEAD_BYTES);
    }
    byte[] nonce = Arrays.copyOf(wrapped, NONCE_BYTES);
    byte[] sealed = Arrays.copyOfRange(wrapped, NONCE_BYTES, wrapped.length);
    return open(key, nonce, sealed, use.getBytes(StandardCharsets.UTF_8), use);
  }

  /**
   * Unwraps a key of a volume of ubiblk 0.2, whose values carry no nonce.
   *
   * @param key the key that it was wrapped with, 32 bytes
   * @param nonce the nonce that stands beside that key, 12 bytes
   * @param associated the associated data that stands beside that key, possibly empty
   * @param sealed ciphertext and tag
   * @return the secret, to be closed by the caller
   * @throws BlockDeviceException.BadFormat if a length is not what it must be
   * @throws BlockDeviceException.Mismatch if the value belongs to another key, nonce or associated
   *     data, or has been changed
   */
  public static Secret unwrapLegacy(Secret key, byte[] nonce, byte[] associated, byte[] sealed)
      throws BlockDeviceException {
    if (nonce.length != NONCE_BYTES) {
      throw new BlockDeviceException.BadFormat(
          "nonce of %d bytes, expected %d".formatted(nonce.length, NONCE_BYTES));
    }
    if (sealed.length < TAG_BYTES) {
      throw tooShort("legacy key", sealed.length, TAG_BYTES);
    }
    return open(key, nonce, sealed, associated, "legacy key");
  }

  private static Secret open(Secret key, byte[] nonce, byte[] sealed, byte[] associated, String use)
      throws BlockDeviceException {
    try {
      return Secret.takeFrom(run(Cipher.DECRYPT_MODE, key, nonce, associated, sealed));
    } catch (AEADBadTagException e) {
      throw new BlockDeviceException.Mismatch(
          "wrapped value of \""
              + use
              + "\" does not belong to this key: it was wrapped with another one, under another"
              + " name, or it has been damaged");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM cannot decrypt", e);
    }
  }

  private static byte[] run(int mode, Secret key, byte[] nonce, byte[] associated, byte[] input)
      throws GeneralSecurityException, BlockDeviceException.BadFormat {
    if (key.length() != KEY_BYTES) {
      throw new BlockDeviceException.BadFormat(
          "key that wraps others has %d bytes, expected %d".formatted(key.length(), KEY_BYTES));
    }
    try (AesKey aes = new AesKey(key.toBytes())) {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, aes, new GCMParameterSpec(TAG_BYTES * 8, nonce));
      cipher.updateAAD(associated);
      return cipher.doFinal(input);
    }
  }

  private static BlockDeviceException.BadFormat tooShort(String use, int length, int least) {
    return new BlockDeviceException.BadFormat(
        "wrapped value of \"%s\" has %d bytes, too short: expected at least %d"
            .formatted(use, length, least));
  }
}
