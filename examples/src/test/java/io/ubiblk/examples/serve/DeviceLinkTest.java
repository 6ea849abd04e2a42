package io.ubiblk.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeviceLinkTest {

  private static final Path DEVICE = Path.of("/dev/ublkb7");

  @TempDir private Path folder;

  @Test
  void linkIsThereUntilItIsClosedAndSoAreItsFolders() throws IOException {
    Path link = folder.resolve("a/b/link");
    try (DeviceLink opened = DeviceLink.create(link, DEVICE)) {
      assertEquals(DEVICE, Files.readSymbolicLink(link), opened::toString);
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
        assertEquals(DEVICE, Files.readSymbolicLink(link), opened::toString);
      }
    }
  }

  @Test
  void foldersStay() {
    DeviceLink.create(folder, DEVICE).close();
    assertTrue(Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void whatIsNoLinkAnyMoreStays() throws IOException {
    Path link = folder.resolve("link");
    try (DeviceLink opened = DeviceLink.create(link, DEVICE)) {
      Files.delete(link);
      Files.writeString(link, opened.toString());
    }
    assertTrue(Files.isRegularFile(link));
  }
}
