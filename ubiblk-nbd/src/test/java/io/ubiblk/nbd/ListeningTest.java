package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.core.linux.EventFd;
import io.ubiblk.core.linux.StreamSocket;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.nbd.protocol.ReplyStyle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a server listens. */
class ListeningTest {

  @TempDir Path folder;
  private final MemoryDevice device = new MemoryDevice(1 << 20);

  @AfterEach
  void close() {
    device.close();
  }

  private static void assertServes(Path socket) throws IOException {
    try (NbdClient client = NbdClient.open(socket, ReplyStyle.SIMPLE, "")) {
      assertEquals(512, client.read(0, 512).length);
    }
  }

  @Test
  void aSocketIsThereWhileTheServerIs() throws Exception {
    Path socket = folder.resolve("s");
    try (NbdServer server = NbdServer.serve(device).at(socket).start()) {
      assertServes(socket);
      assertEquals(socket.toString(), server.addresses().getFirst().toString());
      assertThrows(
          BlockDeviceException.Busy.class, () -> NbdServer.serve(device).at(socket).start());
      assertServes(socket);
    }
    assertFalse(Files.exists(socket));
  }

  @Test
  void aSocketThatADeadProcessLeftIsReplaced() throws Exception {
    Path socket = folder.resolve("s");
    StreamSocket.listen(socket, 1).close();
    try (NbdServer server = NbdServer.serve(device).at(socket).start()) {
      assertServes(socket);
      assertEquals(1, server.exports().size());
    }
  }

  @Test
  void whatIsNoSocketIsLeftAlone() throws Exception {
    Path file = Files.writeString(folder.resolve("s"), "precious");
    assertThrows(BlockDeviceException.Busy.class, () -> NbdServer.serve(device).at(file).start());
    assertEquals("precious", Files.readString(file));
  }

  @Test
  void aPathThatIsTooLongIsRefusedInWords() {
    Path path = folder.resolve("x".repeat(120));
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class, () -> NbdServer.serve(device).at(path).start());
    assertTrue(String.valueOf(refusal.getMessage()).contains("107"));
  }

  @Test
  void aServerNeedsASocket() {
    assertThrows(IllegalStateException.class, () -> NbdServer.serve(device).start());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "0.0.0.0", "::"})
  void aFreePortIsTaken(String host) throws Exception {
    InetSocketAddress wanted = new InetSocketAddress(InetAddress.getByName(host), 0);
    try (NbdServer server = NbdServer.serve(device).at(wanted).start()) {
      InetSocketAddress address = (InetSocketAddress) server.addresses().getFirst();
      assertEquals(InetAddress.getByName(host), address.getAddress());
      String target = host.equals("::1") ? host : "127.0.0.1";
      try (NbdClient client = NbdClient.over(new Socket(target, address.getPort()))) {
        client.greet(3);
        client.go("");
        assertEquals(512, client.read(0, 512).length);
      }
    } catch (BlockDeviceException.Io e) {
      // A machine without IPv6.
      assertTrue(host.contains(":"), e.getMessage());
    }
  }

  @Test
  void severalSocketsShareTheExports() throws Exception {
    InetSocketAddress port = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Path first = folder.resolve("1");
    Path second = folder.resolve("2");
    try (NbdServer server = NbdServer.serve(device).at(first).at(second).at(port).start()) {
      assertServes(first);
      assertServes(second);
      assertEquals(3, server.addresses().size());
    }
  }

  @Test
  void anInheritedSocketIsServed() throws Exception {
    Path socket = folder.resolve("s");
    StreamSocket opened = StreamSocket.listen(socket, 8);
    try (NbdServer server = NbdServer.serve(device).atDescriptor(opened.fd()).start()) {
      assertServes(socket);
      assertTrue(server.toString().contains("descriptor"));
    }
    // Its file belongs to whoever made it.
    assertTrue(Files.exists(socket));
  }

  @Test
  void aDescriptorThatDoesNotListenIsRefused() throws Exception {
    try (EventFd event = EventFd.open()) {
      assertThrows(
          IOException.class, () -> NbdServer.serve(device).atDescriptor(event.fd()).start());
    }
  }

  @Test
  void theEnvironmentNamesInheritedSockets() {
    assertEquals(
        List.of(3, 4),
        InheritedSockets.descriptors(Map.of("LISTEN_PID", "7", "LISTEN_FDS", "2"), 7));
    assertEquals(
        List.of(), InheritedSockets.descriptors(Map.of("LISTEN_PID", "8", "LISTEN_FDS", "2"), 7));
    assertEquals(List.of(), InheritedSockets.descriptors(Map.of("LISTEN_FDS", "2"), 7));
    assertThrows(
        IllegalArgumentException.class,
        () -> InheritedSockets.descriptors(Map.of("LISTEN_PID", "7", "LISTEN_FDS", "x"), 7));
    assertThrows(IllegalStateException.class, () -> NbdServer.serve(device).atInherited());
  }
}
