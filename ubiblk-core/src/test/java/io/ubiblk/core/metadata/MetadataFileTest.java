package io.ubiblk.core.metadata;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Operation;
import io.ubiblk.api.Status;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.CrashingBlockDevice;
import io.ubiblk.testkit.FaultyBlockDevice;
import io.ubiblk.testkit.RecordingBlockDevice;
import io.ubiblk.testkit.RequestEvent;
import io.ubiblk.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metadata files come into being, are read, and grow. */
class MetadataFileTest {

  private static ReactorGroup reactors;
  @TempDir Path directory;

  @BeforeAll
  static void start() throws Exception {
    reactors = ReactorGroup.start(ReactorOptions.of(1));
  }

  @AfterAll
  static void stop() {
    reactors.close();
  }

  private static StripeMetadata metadata(int stripes) {
    byte[] headers = new byte[stripes];
    for (int i = 0; i < stripes; i++) {
      headers[i] = (byte) (i % 7);
    }
    return StripeMetadata.of(6, headers);
  }

  @Test
  void newFileIsReadableByItsOwnerOnlyAndHoldsWhatIsFormatted() throws Exception {
    Path path = directory.resolve("metadata");
    MetadataFile.allocate(path, 1200);
    assertEquals(2048, Files.size(path));
    assertEquals(PosixFilePermissions.fromString("rw-------"), Files.getPosixFilePermissions(path));
    try (RawFileDevice device = RawFileDevice.open(path, RawFileOptions.DEFAULT)) {
      assertThrows(
          BlockDeviceException.BadFormat.class, () -> MetadataFile.load(device, reactors.next()));
      MetadataFile.format(device, reactors.next(), metadata(1200));
      StripeMetadata loaded = MetadataFile.load(device, reactors.next());
      assertArrayEquals(metadata(1200).headers(), loaded.headers());
    }
    assertArrayEquals(MetadataCodec.encode(metadata(1200)), Files.readAllBytes(path));
  }

  @Test
  void fileThatIsThereGrowsLosesItsModeAndIsRewrittenToItsEnd() throws Exception {
    Path path = directory.resolve("metadata");
    byte[] old = new byte[8192];
    Arrays.fill(old, (byte) 0xff);
    Files.write(path, old);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    MetadataFile.allocate(path, 10);
    assertEquals(8192, Files.size(path));
    assertEquals(PosixFilePermissions.fromString("rw-------"), Files.getPosixFilePermissions(path));
    try (RawFileDevice device = RawFileDevice.open(path, RawFileOptions.DEFAULT)) {
      MetadataFile.format(device, reactors.next(), metadata(10));
    }
    byte[] expected = Arrays.copyOf(MetadataCodec.encode(metadata(10)), 8192);
    assertArrayEquals(expected, Files.readAllBytes(path));
    MetadataFile.allocate(path, 508 * 20);
    assertEquals(512 * 21, Files.size(path));
  }

  @Test
  void longFilesAreFilledByAllReactorsToTheirEnd() throws Exception {
    int size = (3 << 20) + (700 << 10);
    byte[] old = new byte[size];
    Arrays.fill(old, (byte) 0xff);
    Path path = Files.write(directory.resolve("metadata"), old);
    try (ReactorGroup several = ReactorGroup.start(ReactorOptions.of(5));
        RecordingBlockDevice device =
            new RecordingBlockDevice(RawFileDevice.open(path, RawFileOptions.DEFAULT))) {
      MetadataFile.format(device, several.reactors(), metadata(1200));
      // No more than one for each MiB, and what they do is over before it is made durable.
      List<Operation> operations = device.requests().stream().map(RequestEvent::operation).toList();
      assertEquals(3, Collections.frequency(operations, Operation.WRITE_ZEROES));
      assertEquals(
          List.of(Operation.FLUSH, Operation.WRITE, Operation.FLUSH),
          operations.subList(operations.size() - 3, operations.size()));
    }
    byte[] expected = Arrays.copyOf(MetadataCodec.encode(metadata(1200)), size);
    assertArrayEquals(expected, Files.readAllBytes(path));
  }

  @Test
  void failureOfOneOfSeveralReactorsIsTold() throws Exception {
    try (ReactorGroup several = ReactorGroup.start(ReactorOptions.of(3))) {
      // The fourth to the sixth request are those of the three.
      for (int failing = 3; failing < 6; failing++) {
        try (FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(4 << 20), 1)) {
          device.failAfter(failing, Status.EIO, 1);
          assertThrows(
              BlockDeviceException.Io.class,
              () -> MetadataFile.format(device, several.reactors(), metadata(10)));
          assertEquals(1, device.injected());
          assertThrows(
              BlockDeviceException.BadFormat.class,
              () -> MetadataFile.load(device, several.next()));
        }
      }
    }
  }

  @Test
  void whatIsNoRegularFileIsRefused() throws Exception {
    Path real = Files.write(directory.resolve("real"), new byte[512]);
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);
    assertThrows(BlockDeviceException.class, () -> MetadataFile.allocate(link, 1));
    Path dangling =
        Files.createSymbolicLink(directory.resolve("dangling"), directory.resolve("nowhere"));
    assertThrows(BlockDeviceException.class, () -> MetadataFile.allocate(dangling, 1));
    assertTrue(Files.notExists(directory.resolve("nowhere")));
    assertThrows(BlockDeviceException.class, () -> MetadataFile.allocate(directory, 1));
    Path missing = directory.resolve("missing").resolve("metadata");
    assertThrows(BlockDeviceException.class, () -> MetadataFile.allocate(missing, 1));
    assertEquals(512, Files.size(real));
  }

  @Test
  void fileNamedWithoutADirectoryIsCreated() throws Exception {
    Path path = Path.of("metadata-file-test-" + System.nanoTime());
    try {
      MetadataFile.allocate(path, 1);
      assertEquals(1024, Files.size(path));
    } finally {
      Files.deleteIfExists(path);
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.toList();
    }
  }

  @Test
  void createdFileAppearsWhenItIsWholeAndDurable() throws Exception {
    Path path = directory.resolve("metadata");
    List<RecordingBlockDevice> logs = new ArrayList<>();
    MetadataFile.create(
        path,
        metadata(1200),
        file -> {
          FaultyBlockDevice watched =
              new FaultyBlockDevice(RawFileDevice.open(file, RawFileOptions.DEFAULT), 1);
          // A process may be killed at any of the requests.
          watched.failWhen(_ -> Files.exists(path), Status.EIO);
          logs.add(new RecordingBlockDevice(watched));
          return logs.getFirst();
        },
        reactors.next());
    List<RequestEvent> requests = logs.getFirst().requests();
    assertEquals(Operation.FLUSH, requests.getLast().operation());
    assertArrayEquals(MetadataCodec.encode(metadata(1200)), Files.readAllBytes(path));
    assertEquals(PosixFilePermissions.fromString("rw-------"), Files.getPosixFilePermissions(path));
    assertEquals(List.of(path), files());
  }

  @Test
  void creationThatFailsLeavesNothing() throws Exception {
    Path path = directory.resolve("metadata");
    int failing = 0;
    boolean created = false;
    while (!created) {
      int skip = failing++;
      try {
        MetadataFile.create(
            path,
            metadata(600),
            file -> {
              FaultyBlockDevice faulty =
                  new FaultyBlockDevice(RawFileDevice.open(file, RawFileOptions.DEFAULT), 1);
              faulty.failAfter(skip, Status.ENOSPC, 1);
              return faulty;
            },
            reactors.next());
        created = true;
      } catch (BlockDeviceException.Io e) {
        assertEquals(Status.ENOSPC, e.errno());
        assertEquals(List.of(), files());
      }
    }
    assertTrue(failing > 4, failing + " requests");
    assertThrows(
        IOException.class,
        () ->
            MetadataFile.create(
                path,
                metadata(10),
                file -> RawFileDevice.open(file, RawFileOptions.DEFAULT),
                reactors.next()));
    assertArrayEquals(MetadataCodec.encode(metadata(600)), Files.readAllBytes(path));
    assertEquals(List.of(path), files());
  }

  @Test
  void formattingIsDoneWholeOrNotAtAllIfThePowerIsCut() throws Exception {
    byte[] before = MetadataCodec.encode(metadata(1200));
    byte[] headers = new byte[1200];
    Arrays.fill(headers, (byte) 4);
    StripeMetadata after = StripeMetadata.of(6, headers);
    boolean[] seen = new boolean[3];
    Seeds.check(
        100,
        random -> {
          CrashingBlockDevice disk = new CrashingBlockDevice(before.length);
          disk.poke(0, before);
          FaultyBlockDevice faulty = new FaultyBlockDevice(disk, 1);
          faulty.failAfter(random.below(7), Status.EIO, Integer.MAX_VALUE);
          try {
            MetadataFile.format(faulty, reactors.next(), after);
          } catch (IOException cut) {
            assertTrue(faulty.injected() > 0);
          }
          seen[stateOf(disk.powerCut(random.nextLong()), after)] = true;
        });
    if (Long.getLong(Seeds.PROPERTY) == null) {
      assertArrayEquals(new boolean[] {true, true, true}, seen);
    }
  }

  /** Whether a disk holds the metadata of before (0), none (1), or that of after (2). */
  private static int stateOf(CrashingBlockDevice disk, StripeMetadata after) throws IOException {
    try (disk) {
      StripeMetadata loaded = MetadataFile.load(disk, reactors.next());
      boolean isAfter = Arrays.equals(after.headers(), loaded.headers());
      if (!isAfter) {
        assertArrayEquals(metadata(1200).headers(), loaded.headers());
      }
      return isAfter ? 2 : 0;
    } catch (BlockDeviceException.BadFormat none) {
      return 1;
    }
  }

  @Test
  void deviceThatIsTooSmallIsNotFormatted() throws Exception {
    try (MemoryDevice device = new MemoryDevice(1024)) {
      assertThrows(
          BlockDeviceException.Mismatch.class,
          () -> MetadataFile.format(device, reactors.next(), metadata(509)));
    }
  }

  @Test
  void hugeFileIsNotReadWhole() throws Exception {
    Path path = directory.resolve("huge");
    Files.write(path, MetadataCodec.encode(metadata(600)));
    try (RawFileDevice device = RawFileDevice.open(path, RawFileOptions.DEFAULT)) {
      device.resize(1L << 40);
      StripeMetadata loaded = MetadataFile.load(device, reactors.next());
      assertArrayEquals(metadata(600).headers(), loaded.headers());
    }
  }

  @Test
  void extendedMetadataHasMoreStripesWithoutSource() throws Exception {
    int[][] steps = {{0, 1}, {10, 508}, {508, 509}, {500, 2000}, {1016, 1017}};
    for (int[] step : steps) {
      byte[] used = MetadataCodec.encode(metadata(step[0]));
      try (MemoryDevice device = new MemoryDevice(used.length)) {
        MetadataFile.format(device, reactors.next(), metadata(step[0]));
        MetadataFile.extend(device, reactors.next(), 6, step[0], step[1]);
        StripeMetadata loaded = MetadataFile.load(device, reactors.next());
        assertArrayEquals(metadata(step[0]).grownTo(step[1]).headers(), loaded.headers());
      }
    }
  }

  @Test
  void extensionThatFailsLeavesTheOldNumber() throws Exception {
    for (int failing = 0; failing < 3; failing++) {
      try (FaultyBlockDevice device = new FaultyBlockDevice(new MemoryDevice(1024), 1)) {
        MetadataFile.format(device, reactors.next(), metadata(508));
        device.failAfter(failing, Status.EIO, 1);
        assertThrows(
            IOException.class, () -> MetadataFile.extend(device, reactors.next(), 6, 508, 509));
        device.clear();
        StripeMetadata loaded = MetadataFile.load(device, reactors.next());
        assertEquals(508, loaded.stripes());
        device.failNext(Operation.READ, Status.EIO, 1);
        assertThrows(IOException.class, () -> MetadataFile.load(device, reactors.next()));
      }
    }
  }

  @Test
  void headersOfNewDisksDependOnTheSource() throws Exception {
    StripeMetadata none = StripeMetadata.initial(10 * 32768 + 512, 6, null);
    assertEquals(11, none.stripes());
    assertArrayEquals(new byte[11], none.headers());
    assertThrows(IllegalArgumentException.class, () -> StripeMetadata.initial(32768, 5, null));
    assertThrows(IllegalArgumentException.class, () -> StripeMetadata.initial(32768, 17, null));
    assertEquals(0, StripeMetadata.initial(0, 6, null).stripes());
  }
}
