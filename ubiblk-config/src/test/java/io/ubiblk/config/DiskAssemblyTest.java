package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.VirtualDiskBuilder;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.reactor.ReactorOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class DiskAssemblyTest {

  private static final int SIZE = 8 << 15;

  private static final String LAZY =
      Directory.OPEN
          + """
          [stripe_source]
          type = "raw"
          image_path = "image.raw"
          copy_on_read = true
          """;

  private static final String ENCRYPTED =
      LAZY
          + "[encryption]\nxts_key.ref = \"disk\"\n[secrets.disk]\nsource.inline = \""
          + "0123456789abcdef".repeat(4)
          + "\"\n";

  @TempDir Path path;
  private Directory directory;

  @BeforeEach
  void open() throws IOException {
    directory = new Directory(path);
    Files.write(path.resolve("disk.raw"), new byte[SIZE]);
    byte[] image = new byte[SIZE / 2];
    Arrays.fill(image, (byte) 'i');
    Files.write(path.resolve("image.raw"), image);
  }

  private static String withMetadata(String text) {
    return text.replace("[device]\n", "[device]\nmetadata_path = \"metadata\"\n");
  }

  /** Makes the metadata, which the builder does for an empty disk. */
  private void initialise(Configuration configuration) throws IOException {
    VirtualDiskBuilder builder =
        VirtualDisk.builder()
            .file(path.resolve("disk.raw"))
            .newStripeSize(32768)
            .lazyFrom(path.resolve("image.raw"), path.resolve("metadata"));
    DiskAssembly.storageLayers(configuration).forEach(builder::storedThrough);
    builder.build().close();
  }

  private static byte[] read(VirtualDisk disk, long offset, int length) throws IOException {
    try (BlockingAccess access = disk.access()) {
      return access.read(offset, length);
    }
  }

  private static void write(VirtualDisk disk, long offset, byte[] bytes) throws IOException {
    try (BlockingAccess access = disk.access()) {
      access.write(offset, bytes);
      access.flush();
    }
  }

  private static byte[] filled(char c) {
    byte[] bytes = new byte[4096];
    Arrays.fill(bytes, (byte) c);
    return bytes;
  }

  @Test
  void aPlainDiskIsItsFile() throws IOException {
    try (Configuration configuration = directory.load(Directory.PLAIN);
        VirtualDisk disk = DiskAssembly.open(configuration)) {
      assertEquals(SIZE, disk.geometry().size());
      assertTrue(disk.fetchProgress().isEmpty());
      write(disk, 8192, filled('x'));
    }
    byte[] data = Files.readAllBytes(path.resolve("disk.raw"));
    assertArrayEquals(filled('x'), Arrays.copyOfRange(data, 8192, 12288));
  }

  @Test
  void aLazyDiskIsFilledFromItsImage() throws IOException {
    try (Configuration configuration = directory.load(withMetadata(LAZY))) {
      initialise(configuration);
      try (VirtualDisk disk = DiskAssembly.open(configuration)) {
        assertArrayEquals(filled('i'), read(disk, 0, 4096));
        assertArrayEquals(new byte[4096], read(disk, SIZE - 4096, 4096));
        assertEquals(4, disk.fetchProgress().orElseThrow().source());
      }
    }
  }

  @Test
  void anEncryptedLazyDiskKeepsItsDataSecret() throws IOException {
    try (Configuration configuration = directory.load(withMetadata(ENCRYPTED))) {
      initialise(configuration);
      try (VirtualDisk disk = DiskAssembly.open(configuration)) {
        assertArrayEquals(filled('i'), read(disk, 4096, 4096));
        write(disk, 0, filled('x'));
      }
      try (VirtualDisk disk = DiskAssembly.open(configuration)) {
        assertArrayEquals(filled('x'), read(disk, 0, 4096));
        assertArrayEquals(filled('i'), read(disk, 4096, 4096));
      }
    }
    String data = Files.readString(path.resolve("disk.raw"), StandardCharsets.ISO_8859_1);
    assertFalse(data.contains("xxxxxxxx"));
    assertFalse(data.contains("iiiiiiii"));
    String metadata = Files.readString(path.resolve("metadata"), StandardCharsets.ISO_8859_1);
    assertFalse(metadata.startsWith("BDEV_UBI"));
  }

  @Test
  void aWrongKeyIsAnErrorAtTheStart() throws IOException {
    try (Configuration configuration = directory.load(withMetadata(ENCRYPTED))) {
      initialise(configuration);
    }
    String wrong = withMetadata(ENCRYPTED).replace("0123456789abcdef\"", "0123456789abcdeF\"");
    try (Configuration configuration = directory.load(wrong)) {
      assertThrows(BlockDeviceException.class, () -> DiskAssembly.open(configuration));
    }
  }

  @Test
  void theDiskOutlivesItsConfiguration() throws IOException {
    VirtualDisk disk;
    try (Configuration configuration = directory.load(withMetadata(ENCRYPTED))) {
      initialise(configuration);
      disk = DiskAssembly.open(configuration);
    }
    try (disk) {
      assertArrayEquals(filled('i'), read(disk, 0, 4096));
    }
  }

  @Test
  void metadataThatIsMissingIsRefusedAndNotMade() throws IOException {
    try (Configuration configuration = directory.load(withMetadata(LAZY))) {
      IOException e = assertThrows(IOException.class, () -> DiskAssembly.open(configuration));
      assertTrue(String.valueOf(e.getMessage()).contains("device.metadata_path"), e.getMessage());
      assertFalse(Files.exists(path.resolve("metadata")));
    }
  }

  @Test
  void dataThatIsMissingIsRefused() throws IOException {
    Files.delete(path.resolve("disk.raw"));
    try (Configuration configuration = directory.load(Directory.PLAIN)) {
      IOException e = assertThrows(IOException.class, () -> DiskAssembly.open(configuration));
      assertTrue(
          e instanceof NoSuchFileException || String.valueOf(e.getMessage()).contains("disk.raw"));
      assertFalse(Files.exists(path.resolve("disk.raw")));
    }
  }

  @Test
  void sourcesThatDoNotExistYetAreRefusedByName() throws IOException {
    String remote = "[stripe_source]\ntype = \"remote\"\naddress = \"a:1\"\n";
    String archive =
        "[stripe_source]\ntype = \"archive\"\nstorage = \"filesystem\"\npath = \"a\"\n";
    Files.write(path.resolve("metadata"), new byte[1024]);
    for (List<String> kind : List.of(List.of("remote", remote), List.of("archive", archive))) {
      String text = Directory.OPEN + kind.getLast();
      try (Configuration configuration = directory.load(withMetadata(text))) {
        BlockDeviceException.Unsupported e =
            assertThrows(
                BlockDeviceException.Unsupported.class, () -> DiskAssembly.open(configuration));
        assertTrue(String.valueOf(e.getMessage()).contains("\"" + kind.getFirst() + "\""));
        assertThrows(
            BlockDeviceException.Unsupported.class, () -> DiskAssembly.openSource(configuration));
      }
      // Without metadata the section has no effect.
      try (Configuration configuration = directory.load(text)) {
        DiskAssembly.open(configuration).close();
      }
    }
  }

  @Test
  @Timeout(60)
  void aDiskWithoutSourceSectionOpensOnceNothingIsLeftToFetch()
      throws IOException, InterruptedException {
    try (Configuration lazy = directory.load(withMetadata(LAZY));
        Configuration alone = directory.load(withMetadata(Directory.PLAIN))) {
      initialise(lazy);
      IOException e = assertThrows(IOException.class, () -> DiskAssembly.open(alone));
      assertTrue(String.valueOf(e.getMessage()).contains("stripe_source"), e.getMessage());
      try (VirtualDisk disk = DiskAssembly.open(lazy)) {
        for (int stripe = 0; stripe < 4; stripe++) {
          read(disk, stripe * 32768L, 4096);
        }
        // Reads do not wait for the metadata.
        while (!disk.fetchProgress().orElseThrow().isComplete()) {
          Thread.sleep(5);
        }
      }
      try (VirtualDisk disk = DiskAssembly.open(alone)) {
        assertArrayEquals(filled('i'), read(disk, 0, 4096));
      }
    }
  }

  @Test
  void reactorsFollowTheTuning() {
    Tuning tuning = new Tuning(2, 64, 65536, 4, 7, List.of(0, 1), IoEngine.SYNC, false);
    ReactorOptions options = DiskAssembly.reactors(tuning);
    assertEquals(2, options.threads());
    assertEquals(ReactorOptions.Kind.EPOLL, options.kind());
    assertEquals(7000, options.pollNanos());
    assertEquals(List.of(0, 1), options.cpus());
    assertEquals(ReactorOptions.Kind.AUTOMATIC, DiskAssembly.reactors(Tuning.DEFAULT).kind());
  }
}
