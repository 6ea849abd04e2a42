package io.ubiblk.nbd;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.crypto.Encryption;
import io.ubiblk.crypto.Secret;
import io.ubiblk.crypto.XtsKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Where a disk's content comes from, which clients must not notice. */
enum Storage {
  /** The file itself. */
  FILE {
    @Override
    BlockDevice open(Path content) throws IOException {
      return RawFileDevice.open(content, RawFileOptions.DEFAULT);
    }
  },

  /** An encrypted file that is filled from the other one when something is used. */
  ENCRYPTED_AND_LAZY {
    @Override
    BlockDevice open(Path content) throws IOException {
      byte[] bytes = new byte[64];
      new Random(5).nextBytes(bytes);
      try (Secret secret = Secret.copyOf(bytes);
          XtsKey key = XtsKey.of(secret)) {
        return VirtualDisk.builder()
            .file(content.resolveSibling("encrypted"))
            .createIfMissing(Files.size(content))
            .storedThrough(Encryption.aesXts(key))
            .lazyFrom(content, content.resolveSibling("metadata"))
            .newStripeSize(STRIPE)
            .copyOnRead(true)
            .build();
      }
    }
  };

  private static final int STRIPE = 256 << 10;

  /**
   * Opens a disk.
   *
   * @param content what it reads as; it may be changed with the disk
   */
  abstract BlockDevice open(Path content) throws IOException;
}
