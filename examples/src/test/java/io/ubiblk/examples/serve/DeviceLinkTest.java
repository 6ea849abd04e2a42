package io.ubiblk.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeviceLinkTest {

  private static final Path DEVICE = Path.of("/dev/ublkb7");

  @TempDir private Path folder;

  @Test
  void linkIsThereUntilItIsClosedAndSoAreItsFolders() throws IOException {
    Path link = folder.resolve("a/b/link");
    try (DeviceLink opened = DeviceLink.create(link, DEVICE)) {
      assertEquals(DEVICE, Files.readSymbolicLink(link), () -> "as " + opened);
    }
    assertFalse(Files.exists(link, LinkOption.NOFOLLOW_LINKS));
    assertTrue(Files.isDirectory(folder.resolve("a/b")));
  }

  @Test
  void whatIsInTheWayIsReplaced() throws IOException {
    Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), Path.of("nowhere"));
    Path file = Files.createFile(folder.resolve("file"));
    for (Path link : new Path[] {dangling, file}) {
      try (DeviceLink opened = DeviceLink.create(link, DEVICE)) {
        assertEquals(DEVICE, Files.readSymbolicLink(link), () -> "as " + opened);
      }
    }
  }

  @Test
  void foldersStay() {
    assertNull(DeviceLink.create(folder, DEVICE));
    assertTrue(Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void whatIsNoLinkAnyMoreStays() throws IOException {
    Path link = folder.resolve("link");
    try (DeviceLink opened = DeviceLink.create(link, DEVICE)) {
      Files.delete(link);
      Files.writeString(link, String.valueOf(opened));
    }
    assertTrue(Files.isRegularFile(link));
  }

  @Test
  void linkThatCannotBeMadeIsNone() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertNull(DeviceLink.create(file.resolve("link"), DEVICE));
  }

  @Test
  void linkOfAnotherDeviceStays() throws IOException {
    Path link = folder.resolve("link");
    try (DeviceLink opened = DeviceLink.create(link, DEVICE)) {
      Files.delete(link);
      Files.createSymbolicLink(link, Path.of("/dev/ublkb8"));
      assertNotNull(opened);
    }
    assertEquals(Path.of("/dev/ublkb8"), Files.readSymbolicLink(link));
  }

  @Test
  void filesOfTheDiskAreFoundByWhateverName() throws IOException {
    Path data = Files.createFile(folder.resolve("data"));
    Path way = Files.createSymbolicLink(folder.resolve("way"), Path.of("data"));
    Path name = Files.createSymbolicLink(folder.resolve("name"), way);
    Path here = Files.createSymbolicLink(folder.resolve("here"), folder);
    List<Path> files = List.of(folder.resolve("none"), name);
    for (Path link : new Path[] {data, way, name, here.resolve("data"), here.resolve("way")}) {
      assertEquals(name, DeviceLink.findReplaced(link, files));
    }
    assertEquals(files.getFirst(), DeviceLink.findReplaced(here.resolve("none"), files));
    Path other = Files.createFile(folder.resolve("other"));
    assertNull(DeviceLink.findReplaced(other, files));
    assertNull(DeviceLink.findReplaced(folder.resolve("a/b"), files));
    // Only a name of the disk's data; replacing it changes nothing of the disk.
    assertNull(DeviceLink.findReplaced(here, files));
  }
}
