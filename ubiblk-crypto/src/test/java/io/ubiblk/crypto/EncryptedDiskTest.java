package io.ubiblk.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.Patterns;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole disks with encryption, as a program builds them. */
class EncryptedDiskTest {

  private static final int SIZE = 4 << 20;
  private static final int IMAGE_SIZE = 2 << 20;

  @TempDir Path directory;
  private ReactorGroup reactors;

  @BeforeEach
  void startReactors() throws Exception {
    reactors = ReactorGroup.start(ReactorOptions.of(1));
  }

  @AfterEach
  void closeReactors() {
    reactors.close();
  }

  private Path file(String name) {
    return directory.resolve(name);
  }

  private VirtualDisk open(String hexKey) throws Exception {
    try (XtsKey key = Vectors.key(hexKey)) {
      return VirtualDisk.builder()
          .file(file("disk"))
          .createIfMissing(SIZE)
          .storedThrough(Encryption.aesXts(key))
          .lazyFrom(file("image"), file("metadata"))
          .newStripeSize(64 * 1024)
          .reactors(reactors)
          .build();
    }
  }

  private void assertNoPlaintext(String name) throws Exception {
    byte[] content = Files.readAllBytes(file(name));
    MemorySegment memory = MemorySegment.ofArray(content);
    for (long at = 0; at + 512 <= content.length; at += 512) {
      assertEquals(Patterns.FOREIGN, foreignOrHole(memory, at), name + " at " + at);
    }
    String text = new String(content, StandardCharsets.ISO_8859_1);
    assertFalse(text.contains("BDEV_UBI"), name);
  }

  /** Where nothing was ever written the file holds zeros. */
  private static long foreignOrHole(MemorySegment memory, long at) {
    return Patterns.isZero(memory, at, 512) ? Patterns.FOREIGN : Patterns.position(memory, at);
  }

  @Test
  void lazyDiskIsEncryptedMetadataAndAll() throws Exception {
    Files.write(file("image"), Patterns.bytes(0, IMAGE_SIZE, 1));
    try (VirtualDisk disk = open(Vectors.KEY);
        BlockingAccess access = disk.access()) {
      assertArrayEquals(Patterns.bytes(0, IMAGE_SIZE, 1), access.read(0, IMAGE_SIZE));
      access.write(512 * 1024 + 512, Patterns.bytes(512 * 1024 + 512, 4096, 2));
      access.flush();
    }
    assertNoPlaintext("disk");
    assertNoPlaintext("metadata");
    Files.delete(file("image"));
    Files.write(file("image"), new byte[IMAGE_SIZE]);
    try (VirtualDisk disk = open(Vectors.KEY);
        BlockingAccess access = disk.access()) {
      assertArrayEquals(Patterns.bytes(0, 512 * 1024, 1), access.read(0, 512 * 1024));
      assertArrayEquals(
          Patterns.bytes(512 * 1024 + 512, 4096, 2), access.read(512 * 1024 + 512, 4096));
    }
    byte[] plain = Files.readAllBytes(file("disk"));
    try (XtsCipher cipher = Vectors.cipher(Vectors.KEY, TweakLayout.UBIBLK)) {
      cipher.decrypt(0, MemorySegment.ofArray(plain), MemorySegment.ofArray(plain));
    }
    Patterns.verify(MemorySegment.ofArray(plain), 0, 512 * 1024, 0, 1);
  }

  @Test
  void wrongKeyIsAClearErrorAtStart() throws Exception {
    Files.write(file("image"), Patterns.bytes(0, IMAGE_SIZE, 1));
    open(Vectors.KEY).close();
    BlockDeviceException refusal =
        assertThrows(BlockDeviceException.BadFormat.class, () -> open(Vectors.SPEC_KEY));
    assertTrue(refusal.toString().contains("XtsBlockDevice("), refusal::toString);
    assertTrue(refusal.toString().contains("another key"), refusal::toString);
    open(Vectors.KEY).close();
  }

  @Test
  void diskWithoutSourceIsEncrypted() throws Exception {
    try (XtsKey key = Vectors.key(Vectors.KEY);
        VirtualDisk disk =
            VirtualDisk.builder()
                .file(file("disk"))
                .createIfMissing(SIZE)
                .storedThrough(Encryption.aesXts(key, TweakLayout.PLAIN64))
                .reactors(reactors)
                .build();
        BlockingAccess access = disk.access()) {
      access.write(0, Patterns.bytes(0, 65536, 1));
      assertArrayEquals(Patterns.bytes(0, 65536, 1), access.read(0, 65536));
    }
    assertNoPlaintext("disk");
  }

  @Test
  void metadataOfUbiblkLoads() throws Exception {
    StripeMetadata small = load("metadata-nosource-shift6.bin");
    assertEquals(20, small.stripes());
    StripeMetadata large = load("metadata-raw-shift9.bin");
    assertEquals(33, large.stripes());
  }

  private StripeMetadata load(String resource) throws Exception {
    Path copy = file(resource);
    Files.write(copy, Vectors.resource(resource));
    try (XtsKey key = Vectors.key(Vectors.KEY);
        BlockDevice device =
            Encryption.aesXts(key).over(RawFileDevice.open(copy, RawFileOptions.DEFAULT))) {
      return MetadataFile.load(device, reactors.next());
    }
  }
}
