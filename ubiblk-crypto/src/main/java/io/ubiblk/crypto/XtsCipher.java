package io.ubiblk.crypto;

import io.ubiblk.api.Geometry;
import io.ubiblk.api.MemoryFault;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.NoSuchProviderException;
import javax.crypto.Cipher;
import javax.crypto.ShortBufferException;

/**
 * AES-256-XTS over sectors of 512 bytes, each encrypted by itself under its number.
 *
 * <p>The JDK has no XTS, but its AES over many blocks at once is compiled to the processor's vector
 * instructions. So sectors go through in batches on the heap: copied in, combined with the tweaks,
 * through the block cipher, combined with the tweaks again, copied out. Nothing is allocated.
 *
 * <p><b>Key material.</b> {@link #close} makes the JDK overwrite the expanded keys, and overwrites
 * the batches. The garbage collector may have moved them before and left images in free heap
 * memory; nothing can be done about that.
 *
 * <p><b>Thread.</b> To be used by one thread at a time.
 *
 * @see <a href="https://standards.ieee.org/ieee/1619/4205/">IEEE 1619</a>
 */
public final class XtsCipher implements AutoCloseable {

  private static final String ALGORITHM = "AES/ECB/NoPadding";
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final Cipher encryptor = newCipher();
  private final Cipher decryptor = newCipher();
  private final Cipher tweaker = newCipher();
  private final TweakSequence tweaks;
  // Two arrays: the JDK copies, or works block by block, when input and output are the same.
  private final byte[] in = new byte[TweakSequence.BATCH * Geometry.SECTOR];
  private final byte[] out = new byte[TweakSequence.BATCH * Geometry.SECTOR];
  private boolean closed;

  /**
   * Creates a cipher.
   *
   * @param key the key; remains the caller's, and may be closed at once
   * @param layout where the sector's number stands in the tweak
   * @throws IllegalStateException if the key has been closed
   */
  public XtsCipher(XtsKey key, TweakLayout layout) {
    try (AesKey data = key.dataKey();
        AesKey tweak = key.tweakKey()) {
      init(data, tweak);
    }
    this.tweaks = new TweakSequence(tweaker, layout);
  }

  /**
   * Encrypts consecutive sectors.
   *
   * @param sector number of the first one
   * @param src the plaintext, of any kind of memory, a multiple of 512 bytes
   * @param dst memory for the ciphertext, as long as the plaintext; may be the same
   * @throws IllegalArgumentException if the lengths differ or are not a multiple of 512
   */
  public void encrypt(long sector, MemorySegment src, MemorySegment dst) {
    run(encryptor, sector, src, dst);
  }

  /**
   * Decrypts consecutive sectors.
   *
   * @param sector number of the first one
   * @param src the ciphertext, of any kind of memory, a multiple of 512 bytes
   * @param dst memory for the plaintext, as long as the ciphertext; may be the same
   * @throws IllegalArgumentException if the lengths differ or are not a multiple of 512
   */
  public void decrypt(long sector, MemorySegment src, MemorySegment dst) {
    run(decryptor, sector, src, dst);
  }

  private void run(Cipher aes, long sector, MemorySegment src, MemorySegment dst) {
    long length = src.byteSize();
    if (length != dst.byteSize() || length % Geometry.SECTOR != 0) {
      throw new IllegalArgumentException(
          "%d bytes to %d bytes, expected the same multiple of 512"
              .formatted(length, dst.byteSize()));
    }
    begin(sector, length);
    for (long at = 0; at < length; ) {
      int bytes = batch(length - at);
      MemorySegment.copy(src, ValueLayout.JAVA_BYTE, at, in, 0, bytes);
      transform(aes, bytes);
      MemorySegment.copy(out, 0, dst, ValueLayout.JAVA_BYTE, at, bytes);
      at += bytes;
    }
  }

  /**
   * Encrypts what a cursor reads.
   *
   * @return false if memory was not there any more
   */
  boolean encrypt(long sector, ScatterCursor src, MemorySegment dst, long offset, int length) {
    begin(sector, length);
    try {
      for (int at = 0; at < length; ) {
        int bytes = batch(length - at);
        src.read(in, bytes);
        transform(encryptor, bytes);
        MemorySegment.copy(out, 0, dst, ValueLayout.JAVA_BYTE, offset + at, bytes);
        at += bytes;
      }
      MemoryFault.surface();
      return true;
    } catch (InternalError e) {
      return false;
    }
  }

  /** Encrypts zeros, which combined with the tweaks are the tweaks. */
  void encryptZeros(long sector, MemorySegment dst, long offset, int length) {
    begin(sector, length);
    for (int at = 0; at < length; ) {
      int bytes = batch(length - at);
      byte[] table = tweaks.next(bytes / Geometry.SECTOR);
      run(encryptor, table, bytes, out);
      xor(out, table, bytes);
      MemorySegment.copy(out, 0, dst, ValueLayout.JAVA_BYTE, offset + at, bytes);
      at += bytes;
    }
  }

  /**
   * Decrypts in place, between two cursors at the same place of the same list.
   *
   * @return false if memory was not there any more
   */
  boolean decrypt(long sector, ScatterCursor src, ScatterCursor dst, long length) {
    begin(sector, length);
    try {
      for (long at = 0; at < length; ) {
        int bytes = batch(length - at);
        src.read(in, bytes);
        transform(decryptor, bytes);
        dst.write(out, bytes);
        at += bytes;
      }
      MemoryFault.surface();
      return true;
    } catch (InternalError e) {
      return false;
    }
  }

  private void begin(long sector, long length) {
    if (closed) {
      throw new IllegalStateException("the cipher has been closed");
    }
    tweaks.begin(sector, length / Geometry.SECTOR);
  }

  private int batch(long left) {
    return (int) Math.min(in.length, left);
  }

  private void transform(Cipher aes, int bytes) {
    byte[] table = tweaks.next(bytes / Geometry.SECTOR);
    xor(in, table, bytes);
    run(aes, in, bytes, out);
    xor(out, table, bytes);
  }

  /** The compiler makes this the widest vectors that there are. */
  private static void xor(byte[] a, byte[] b, int length) {
    for (int i = 0; i < length; i += Long.BYTES) {
      LONG.set(a, i, (long) LONG.get(a, i) ^ (long) LONG.get(b, i));
    }
  }

  /** Runs whole blocks through a block cipher. */
  static void run(Cipher aes, byte[] src, int bytes, byte[] dst) {
    int done;
    try {
      done = aes.update(src, 0, bytes, dst, 0);
    } catch (ShortBufferException e) {
      throw new AssertionError(e);
    }
    if (done != bytes) {
      throw new AssertionError("block cipher gave " + done + " of " + bytes + " bytes");
    }
  }

  private void init(AesKey data, AesKey tweak) {
    try {
      encryptor.init(Cipher.ENCRYPT_MODE, data);
      decryptor.init(Cipher.DECRYPT_MODE, data);
      tweaker.init(Cipher.ENCRYPT_MODE, tweak);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256 takes no key of its own size", e);
    }
  }

  private static Cipher newCipher() {
    try {
      return Cipher.getInstance(ALGORITHM, "SunJCE");
    } catch (NoSuchProviderException e) {
      return newCipherOfAnyProvider();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no " + ALGORITHM, e);
    }
  }

  private static Cipher newCipherOfAnyProvider() {
    try {
      return Cipher.getInstance(ALGORITHM);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no " + ALGORITHM, e);
    }
  }

  /** Overwrites the expanded keys and what is left of data. Closing twice has no effect. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      // A new key overwrites the old one.
      AesKey zeros = new AesKey(new byte[XtsKey.BYTES / 2]);
      init(zeros, zeros);
      tweaks.wipe();
      Secret.wipe(in);
      Secret.wipe(out);
    }
  }
}
