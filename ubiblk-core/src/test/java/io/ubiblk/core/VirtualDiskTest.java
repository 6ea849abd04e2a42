package io.ubiblk.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.lazy.FetchProgress;
import io.ubiblk.core.lazy.LazyOptions;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.metadata.MetadataFile;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.testkit.PatternSource;
import io.ubiblk.testkit.Patterns;
import io.ubiblk.testkit.RecordingBlockDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks are put together, used with calls that block, and put together again. */
class VirtualDiskTest {

  private static final int STRIPE = 32 * 1024;
  private static final int SIZE = 40 * STRIPE + 1024;
  private static final int IMAGE_SIZE = 30 * STRIPE + 512;

  @TempDir Path directory;
  private Path file;
  private Path image;
  private Path metadata;
  private byte[] content;

  @BeforeEach
  void makeImage() throws IOException {
    file = directory.resolve("disk");
    image = directory.resolve("image");
    metadata = directory.resolve("metadata");
    content = new byte[SIZE];
    new PatternSource(1, IMAGE_SIZE).fill(0, MemorySegment.ofArray(content));
    Files.write(image, Arrays.copyOf(content, IMAGE_SIZE));
  }

  private VirtualDiskBuilder lazy() {
    return VirtualDisk.builder()
        .file(file)
        .createIfMissing(SIZE)
        .lazyFrom(image, metadata)
        .newStripeSize(STRIPE);
  }

  private StripeMetadata stored() throws IOException {
    try (BlockDevice store = RawFileDevice.open(metadata, RawFileOptions.DEFAULT)) {
      return MetadataFile.load(store, ReactorGroup.shared().next());
    }
  }

  @Test
  void lazyDiskIsReadWrittenAndOpenedAgain() throws Exception {
    byte[] change = Patterns.bytes(STRIPE - 512, 1024, 1);
    try (VirtualDisk disk = lazy().trackWritten(true).build();
        BlockingAccess access = disk.access()) {
      assertArrayEquals(content, access.read(0, SIZE));
      access.write(STRIPE - 512, change);
      access.writeZeroes(5 * STRIPE, 2 * STRIPE, 0);
      access.flush();
      assertTrue(disk.statistics().toString().length() > 0);
      assertTrue(disk.lazy().isPresent());
    }
    System.arraycopy(change, 0, content, STRIPE - 512, 1024);
    Arrays.fill(content, 5 * STRIPE, 7 * STRIPE, (byte) 0);
    StripeMetadata after = stored();
    assertEquals(41, after.stripes());
    assertEquals(7, after.header(0));
    assertEquals(7, after.header(1));
    assertEquals(7, after.header(5));
    assertEquals(0, after.header(40));
    try (VirtualDisk disk = lazy().autofetch(true).build()) {
      while (!disk.fetchProgress().map(FetchProgress::isComplete).orElseThrow()) {
        Thread.onSpinWait();
      }
      try (BlockingAccess access = disk.access()) {
        assertArrayEquals(content, access.read(0, SIZE));
      }
    }
    // Everything has been fetched: the image is not needed any more.
    Files.delete(image);
    try (VirtualDisk disk = lazy().build();
        BlockingAccess access = disk.access()) {
      assertArrayEquals(content, access.read(0, SIZE));
    }
    assertArrayEquals(content, Files.readAllBytes(file));
  }

  @Test
  void withoutCopyingOnReadTheFileStaysEmpty() throws Exception {
    try (VirtualDisk disk = lazy().copyOnRead(false).build();
        BlockingAccess access = disk.access()) {
      assertArrayEquals(content, access.read(0, SIZE));
    }
    assertArrayEquals(new byte[SIZE], Files.readAllBytes(file));
  }

  @Test
  void plainDiskHasNothingToFetch() throws Exception {
    try (VirtualDisk disk = VirtualDisk.builder().file(file).createIfMissing(SIZE).build();
        BlockingAccess access = disk.access()) {
      assertTrue(disk.lazy().isEmpty());
      assertTrue(disk.fetchProgress().isEmpty());
      byte[] change = Patterns.bytes(0, 1024, 1);
      access.write(0, change);
      assertArrayEquals(change, access.read(0, 1024));
    }
  }

  @Test
  void oneDiskAtATimeHoldsDataAndMetadata() throws Exception {
    Path other = directory.resolve("other");
    try (VirtualDisk disk = lazy().build()) {
      assertEquals(SIZE, disk.geometry().size());
      assertThrows(BlockDeviceException.Busy.class, () -> lazy().build());
      VirtualDiskBuilder sameMetadata =
          VirtualDisk.builder().file(other).createIfMissing(SIZE).lazyFrom(image, metadata);
      assertThrows(BlockDeviceException.Busy.class, sameMetadata::build);
      // Any number of disks share an image.
      try (VirtualDisk second =
          VirtualDisk.builder()
              .file(other)
              .lazyFrom(image, directory.resolve("metadata2"))
              .build()) {
        assertEquals(SIZE, second.geometry().size());
      }
    }
    lazy().build().close();
  }

  @Test
  void damagedMetadataIsRefusedAndTheSectorNamed() throws Exception {
    lazy().build().close();
    byte[] good = Files.readAllBytes(metadata);
    for (int sector = 0; sector < 2; sector++) {
      byte[] damaged = good.clone();
      damaged[512 * sector + 3] ^= 1;
      Files.write(metadata, damaged);
      String message =
          String.valueOf(
              assertThrows(BlockDeviceException.BadFormat.class, () -> lazy().build())
                  .getMessage());
      assertTrue(message.contains("sector " + sector), message);
      assertTrue(message.contains(metadata.toString()), message);
    }
    Files.write(metadata, good);
    lazy().build().close();
  }

  @Test
  void newMetadataIsNotMadeOverDataThatItWouldReplace() throws Exception {
    byte[] data = new byte[SIZE];
    data[SIZE - 1] = 1;
    Files.write(file, data);
    assertThrows(BlockDeviceException.Mismatch.class, () -> lazy().build());
    assertTrue(Files.notExists(metadata));
    assertArrayEquals(data, Files.readAllBytes(file));
    Files.write(file, new byte[SIZE]);
    lazy().build().close();
  }

  @Test
  void partsThatDoNotFitTogetherAreRefusedAndLeaveNothingBehind() throws Exception {
    VirtualDiskBuilder small =
        VirtualDisk.builder()
            .file(file)
            .createIfMissing(IMAGE_SIZE - 512)
            .lazyFrom(image, metadata);
    String message =
        String.valueOf(
            assertThrows(BlockDeviceException.Mismatch.class, small::build).getMessage());
    assertTrue(message.contains("" + IMAGE_SIZE), message);
    assertTrue(message.contains("" + (IMAGE_SIZE - 512)), message);
    assertTrue(Files.notExists(metadata));
    Files.delete(file);
    // Metadata of a smaller disk.
    lazy().build().close();
    Files.delete(file);
    VirtualDiskBuilder larger =
        VirtualDisk.builder().file(file).createIfMissing(2L * SIZE).lazyFrom(image, metadata);
    assertThrows(BlockDeviceException.Mismatch.class, larger::build);
    assertTrue(Files.exists(metadata));
  }

  @Test
  void missingOrLockedImageIsRefused() throws Exception {
    Path missing = directory.resolve("nothing");
    VirtualDiskBuilder builder =
        VirtualDisk.builder().file(file).createIfMissing(SIZE).lazyFrom(missing, metadata);
    assertThrows(BlockDeviceException.class, builder::build);
    assertTrue(Files.notExists(metadata));
    try (BlockDevice writer = RawFileDevice.open(image, RawFileOptions.DEFAULT)) {
      assertEquals(IMAGE_SIZE, writer.geometry().size());
      assertThrows(BlockDeviceException.Busy.class, () -> lazy().build());
    }
    lazy().build().close();
  }

  @Test
  void readOnlyFileCannotBeFilled() throws Exception {
    Files.write(file, new byte[SIZE]);
    assertThrows(IllegalStateException.class, () -> lazy().readOnly(true).build());
    assertTrue(Files.notExists(metadata));
    try (VirtualDisk disk = VirtualDisk.builder().file(file).readOnly(true).build()) {
      assertEquals(0, disk.capabilities().size());
    }
  }

  @Test
  void builderSaysWhatIsMissing() {
    assertThrows(IllegalStateException.class, () -> VirtualDisk.builder().build());
    assertThrows(
        IllegalStateException.class,
        () -> VirtualDisk.builder().file(file).device(new MemoryDevice(512)).build());
    assertThrows(IllegalArgumentException.class, () -> VirtualDisk.builder().createIfMissing(513));
    for (int wrong : new int[] {0, 16384, 1 << 26, 40000, -32768, Integer.MIN_VALUE}) {
      assertThrows(
          IllegalArgumentException.class, () -> VirtualDisk.builder().newStripeSize(wrong));
    }
  }

  @Test
  void optionsWithoutUseAreRefusedByName() throws Exception {
    MemoryDevice device = new MemoryDevice(512);
    Map<String, UnaryOperator<VirtualDiskBuilder>> forFiles =
        Map.of(
            "createIfMissing", b -> b.createIfMissing(512),
            "direct", b -> b.direct(true),
            "writeThrough", b -> b.writeThrough(true),
            "readOnly", b -> b.readOnly(true));
    forFiles.forEach(
        (name, set) -> refusesByName(name, set.apply(VirtualDisk.builder().device(device))));
    Map<String, UnaryOperator<VirtualDiskBuilder>> forSources =
        Map.of(
            "copyOnRead", b -> b.copyOnRead(false),
            "autofetch", b -> b.autofetch(true),
            "trackWritten", b -> b.trackWritten(true),
            "lazyOptions", b -> b.lazyOptions(LazyOptions.DEFAULT.withFetchMemory(1)),
            "newStripeSize", b -> b.newStripeSize(1 << 20));
    forSources.forEach(
        (name, set) -> refusesByName(name, set.apply(VirtualDisk.builder().file(file))));
    assertTrue(Files.notExists(file));
    device.close();
  }

  private static void refusesByName(String option, VirtualDiskBuilder builder) {
    String message =
        String.valueOf(assertThrows(IllegalStateException.class, builder::build).getMessage());
    assertTrue(message.contains("option " + option + " "), message);
  }

  @Test
  void builderIsUsedOnce() throws Exception {
    VirtualDiskBuilder builder = VirtualDisk.builder().device(new MemoryDevice(512));
    builder.build().close();
    assertThrows(IllegalStateException.class, builder::build);
  }

  @Test
  void deviceIsTheDisksOnlyOnceItHasBeenBuilt() throws Exception {
    RecordingBlockDevice device = new RecordingBlockDevice(new MemoryDevice(SIZE));
    Layer failing =
        below -> {
          throw new StackOverflowError("on purpose");
        };
    assertThrows(
        StackOverflowError.class,
        () ->
            VirtualDisk.builder()
                .device(device)
                .storedThrough(RecordingBlockDevice::new)
                .layer(failing)
                .build());
    assertEquals(0, device.closes());
    try (VirtualDisk disk = VirtualDisk.builder().device(device).build()) {
      assertTrue(disk.toString().contains(device.toString()), disk.toString());
    }
    assertEquals(1, device.closes());
  }

  @Test
  void sourceIsOpenedOnceAndClosed() throws Exception {
    List<PatternSource> opened = new ArrayList<>();
    for (long size : new long[] {IMAGE_SIZE, 0}) {
      opened.clear();
      VirtualDisk.builder()
          .file(file)
          .createIfMissing(SIZE)
          .lazyFrom(
              () -> {
                opened.add(new PatternSource(1, size));
                return opened.getLast();
              },
              metadata)
          .build()
          .close();
      assertEquals(1, opened.size());
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment block = arena.allocate(STRIPE);
        PatternSource source = opened.getFirst();
        assertThrows(IOException.class, () -> source.read(0, block), "not closed");
      }
      Files.delete(metadata);
    }
  }

  @Test
  void layersGoOverEachOtherAndAreClosedOnce() throws Exception {
    List<RecordingBlockDevice> made = new ArrayList<>();
    Layer layer =
        below -> {
          RecordingBlockDevice over = new RecordingBlockDevice(below);
          made.add(over);
          return over;
        };
    try (VirtualDisk disk = lazy().storedThrough(layer).layer(layer).build();
        BlockingAccess access = disk.access()) {
      assertArrayEquals(content, access.read(0, SIZE));
    }
    // Data, new metadata, metadata, and the top.
    assertEquals(4, made.size());
    made.forEach(each -> assertEquals(1, each.closes()));
    assertFalse(made.getLast().requests().isEmpty());
  }

  @Test
  void layerThatCannotBeMadeLeavesNothingOpen() throws Exception {
    int[] calls = new int[1];
    for (int failing = 1; failing <= 3; failing++) {
      int last = failing;
      calls[0] = 0;
      Layer layer =
          below -> {
            if (++calls[0] == last) {
              throw new IOException("on purpose");
            }
            return new RecordingBlockDevice(below);
          };
      assertThrows(IOException.class, () -> lazy().storedThrough(layer).build());
      assertTrue(Files.notExists(metadata) || last == 3);
    }
    IOException top =
        assertThrows(
            IOException.class,
            () ->
                lazy()
                    .layer(
                        below -> {
                          throw new IOException("at the top");
                        })
                    .build());
    assertEquals("at the top", top.getMessage());
    // Whatever was opened is free again.
    lazy().build().close();
  }

  @Test
  void diskGrowsWithItsMetadata() throws Exception {
    long larger = 600L * STRIPE;
    try (VirtualDisk disk = lazy().build();
        BlockingAccess access = disk.access()) {
      assertArrayEquals(content, access.read(0, SIZE));
      disk.resize(larger);
      assertEquals(larger, disk.geometry().size());
      byte[] end = Patterns.bytes(larger - 1024, 1024, 1);
      access.write(larger - 1024, end);
      assertArrayEquals(end, access.read(larger - 1024, 1024));
      assertArrayEquals(new byte[1024], access.read(SIZE, 1024));
      access.flush();
    }
    assertEquals(600, stored().stripes());
    try (VirtualDisk disk = lazy().build();
        BlockingAccess access = disk.access()) {
      assertArrayEquals(content, access.read(0, SIZE));
    }
  }
}
