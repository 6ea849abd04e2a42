package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListeningSocketTest {

  @TempDir Path folder;

  @Test
  void ownerAndGroupMayConnect() throws IOException {
    Path path = folder.resolve("a.sock");
    try (ListeningSocket socket = ListeningSocket.bind(path)) {
      assertNull(socket.accept());
      assertEquals(
          PosixFilePermissions.fromString("rw-rw----"), Files.getPosixFilePermissions(path));
    }
    assertFalse(Files.exists(path));
  }

  @Test
  void aSocketThatADeadProcessLeftIsReplaced() throws IOException {
    Path path = folder.resolve("a.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertTrue(Files.exists(path));
    ListeningSocket.bind(path).close();
    assertFalse(Files.exists(path));
  }

  @Test
  void aSocketThatSomebodyAnswersOnIsLeftAlone() throws IOException {
    Path path = folder.resolve("a.sock");
    try (ListeningSocket socket = ListeningSocket.bind(path)) {
      assertThrows(BlockDeviceException.Busy.class, () -> ListeningSocket.bind(path));
      assertTrue(Files.exists(path));
      assertTrue(socket.fd() > 0);
    }
  }

  @Test
  void whatIsNoSocketIsLeftAlone() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "precious");
    Path directory = Files.createDirectory(folder.resolve("directory"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    for (Path path : new Path[] {file, directory, link}) {
      assertThrows(BlockDeviceException.Busy.class, () -> ListeningSocket.bind(path));
    }
    assertEquals("precious", Files.readString(file));
  }

  @Test
  void aSocketThatTookItsPlaceIsLeftAlone() throws IOException {
    Path path = folder.resolve("a.sock");
    ListeningSocket first = ListeningSocket.bind(path);
    Files.delete(path);
    try (ListeningSocket second = ListeningSocket.bind(path)) {
      first.close();
      assertTrue(Files.exists(path));
      assertNull(second.accept());
    }
  }

  @Test
  void aPathThatIsTooLongIsRefused() {
    Path path = folder.resolve("x".repeat(120));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> ListeningSocket.bind(path));
    assertTrue(String.valueOf(refused.getMessage()).contains("107"));
  }
}
