package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ubiblk.api.BlockDeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenFileTest {

  private static final int CREATE = OpenFile.READ_WRITE | OpenFile.CREATE;
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  private OpenFile create(String name) throws Exception {
    return OpenFile.open(directory.resolve(name), CREATE);
  }

  private static void write(OpenFile file, long offset, int length, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(length).fill((byte) value);
      Iovecs iovecs = new Iovecs(arena, 1);
      iovecs.repeat(memory, length);
      assertEquals(length, file.writeVector(offset, iovecs, 0));
    }
  }

  @Test
  void newFilesBelongToTheirOwnerAlone() throws Exception {
    try (OpenFile file = create("new")) {
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
      file.setMode(0640);
      assertEquals(
          "rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
    }
  }

  @Test
  void exclusiveCreationRefusesAFileThatIsThere() throws Exception {
    create("there").close();
    BlockDeviceException.Io e =
        assertThrows(
            BlockDeviceException.Io.class,
            () -> OpenFile.open(directory.resolve("there"), CREATE | OpenFile.EXCLUSIVE));
    assertEquals(Errno.EEXIST, e.errno());
    assertTrue(e.toString().contains("there: EEXIST"), e.getMessage());
  }

  @Test
  void aSymbolicLinkIsRefusedIfAsked() throws Exception {
    create("target").close();
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("target"));
    OpenFile.open(link, OpenFile.READ_ONLY).close();
    BlockDeviceException.Io e =
        assertThrows(
            BlockDeviceException.Io.class,
            () -> OpenFile.open(link, OpenFile.READ_ONLY | OpenFile.NO_FOLLOW));
    assertEquals("ELOOP", Errno.name(e.errno()));
  }

  @Test
  void aSecondOpenOfTheSameProcessIsLockedOut() throws Exception {
    try (OpenFile first = create("locked")) {
      first.lock(true);
      try (OpenFile second = create("locked")) {
        BlockDeviceException.Busy e =
            assertThrows(BlockDeviceException.Busy.class, () -> second.lock(true));
        assertTrue(e.toString().contains("locked"), e.getMessage());
        assertThrows(BlockDeviceException.Busy.class, () -> second.lock(false));
      }
    }
    try (OpenFile third = create("locked")) {
      third.lock(true);
    }
  }

  @Test
  void sharedLocksTolerateEachOther() throws Exception {
    try (OpenFile first = create("shared");
        OpenFile second = create("shared")) {
      first.lock(false);
      second.lock(false);
      assertThrows(BlockDeviceException.Busy.class, () -> first.lock(true));
    }
  }

  @Test
  void anotherProcessIsLockedOut() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "no python3 to be that process");
    try (OpenFile file = create("foreign")) {
      file.lock(true);
      assertEquals("locked", lockFromPython(file.path()));
    }
    assertEquals("free", lockFromPython(directory.resolve("foreign")));
  }

  private static String lockFromPython(Path path) throws Exception {
    String script =
        """
        import fcntl, sys
        f = open(sys.argv[1], 'r+b')
        try:
            fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            print('free')
        except OSError:
            print('locked')
        """;
    Process process =
        new ProcessBuilder("/usr/bin/python3", "-c", script, path.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String answer =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    assertEquals(0, process.waitFor());
    return answer;
  }

  @Test
  void aLockOfJavasOwnIsRespected() throws Exception {
    create("java").close();
    try (FileChannel channel =
            FileChannel.open(directory.resolve("java"), StandardOpenOption.WRITE);
        FileLock lock = channel.lock();
        OpenFile file = create("java")) {
      assertTrue(lock.isValid());
      assertThrows(BlockDeviceException.Busy.class, () -> file.lock(true));
    }
  }

  @Test
  void propertiesAreThoseOfTheFile() throws Exception {
    try (OpenFile file = create("properties")) {
      file.truncate(8 * MIB);
      write(file, MIB, MIB, 7);
      assertEquals(0, file.syncData());
      OpenFile.Properties properties = file.properties();
      assertTrue(properties.regular());
      assertFalse(properties.block());
      assertEquals(8 * MIB, properties.size());
      assertEquals(1, properties.logicalBlockSize());
      assertTrue(properties.allocated() >= MIB && properties.allocated() < 4 * MIB);
      assertTrue(properties.blockSize() >= 512);
      if (properties.directOffset() != 0) {
        assertEquals(1, Integer.bitCount(properties.directOffset()));
        assertEquals(1, Integer.bitCount(properties.directMemory()));
      }
    }
    try (OpenFile opened = OpenFile.open(directory, OpenFile.READ_ONLY)) {
      assertFalse(opened.properties().regular());
      assertFalse(opened.properties().block());
    }
  }

  @Test
  void punchingFreesStorageAndLeavesZeros() throws Exception {
    try (OpenFile file = create("punched")) {
      write(file, 0, 4 * MIB, 7);
      file.sync();
      long before = file.properties().allocated();
      assertEquals(0, file.allocate(OpenFile.PUNCH_HOLE, MIB, 2 * MIB));
      assertEquals(before - 2 * MIB, file.properties().allocated());
      assertEquals(4 * MIB, file.properties().size());
      byte[] content = Files.readAllBytes(file.path());
      assertEquals(7, content[MIB - 1]);
      assertEquals(0, content[MIB]);
      assertEquals(0, content[3 * MIB - 1]);
      assertEquals(7, content[3 * MIB]);
    }
  }

  @Test
  void zeroingKeepsStorage() throws Exception {
    try (OpenFile file = create("zeroed")) {
      write(file, 0, 4 * MIB, 7);
      file.sync();
      long before = file.properties().allocated();
      int result = file.allocate(OpenFile.ZERO_RANGE, MIB, 2 * MIB);
      assumeTrue(result != -Errno.EOPNOTSUPP, "this file system does not zero ranges");
      assertEquals(0, result);
      assertEquals(before, file.properties().allocated());
      assertEquals(0, Files.readAllBytes(file.path())[2 * MIB]);
    }
  }

  @Test
  void dataAndHolesAreFound() throws Exception {
    try (OpenFile file = create("sparse")) {
      file.truncate(4 * MIB);
      write(file, MIB, MIB, 7);
      file.sync();
      assertEquals(MIB, file.seekData(0));
      assertEquals(2 * MIB, file.seekHole(MIB));
      assertEquals(-Errno.ENXIO, file.seekData(2 * MIB));
      assertEquals(2 * MIB, file.seekHole(2 * MIB));
      assertEquals(-Errno.ENXIO, file.seekData(4 * MIB));
    }
  }

  @Test
  void vectorsReadWhatVectorsWrote() throws Exception {
    try (OpenFile file = create("vector");
        Arena arena = Arena.ofConfined()) {
      write(file, 100, 50, 7);
      MemorySegment memory = arena.allocate(200);
      Iovecs iovecs = new Iovecs(arena, 1);
      iovecs.repeat(memory, 200);
      assertEquals(50, file.readVector(100, iovecs), "up to the end of the file");
      byte[] expected = new byte[50];
      java.util.Arrays.fill(expected, (byte) 7);
      assertArrayEquals(expected, memory.asSlice(0, 50).toArray(ValueLayout.JAVA_BYTE));
      assertEquals(0, file.readVector(150, iovecs));
    }
  }

  @Test
  void aDirectoryCanBeSynced() throws Exception {
    OpenFile.syncDirectory(directory);
    OpenFile.syncDirectory(null);
    assertThrows(
        BlockDeviceException.Io.class, () -> OpenFile.syncDirectory(directory.resolve("none")));
  }

  @Test
  void closingTwiceSparesTheNextFileOfTheSameNumber() throws Exception {
    OpenFile first = create("first");
    first.close();
    try (OpenFile second = create("second")) {
      first.close();
      assertEquals(0, second.properties().size());
    }
  }

  @Test
  void reopenedFileIsTheSameFileWithoutItsLock() throws Exception {
    try (OpenFile file = create("first")) {
      file.lock(true);
      Path moved = directory.resolve("moved");
      Files.move(file.path(), moved);
      Files.write(file.path(), new byte[7]);
      try (OpenFile again = file.reopen(OpenFile.READ_WRITE)) {
        assertThrows(BlockDeviceException.Busy.class, () -> again.lock(true));
        write(again, 0, 3, 1);
        assertEquals(0, again.syncData());
      }
      assertEquals(3, Files.size(moved));
      // Closing the second one has not ended the lock of the first.
      try (OpenFile other = OpenFile.open(moved, OpenFile.READ_WRITE)) {
        assertThrows(BlockDeviceException.Busy.class, () -> other.lock(true));
      }
    }
  }
}
