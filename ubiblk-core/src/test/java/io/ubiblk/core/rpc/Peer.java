package io.ubiblk.core.rpc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A bare connection to a server, for whatever a proper client would not do. */
final class Peer implements AutoCloseable {

  final SocketChannel channel;

  Peer(Path path) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(path));
  }

  void send(String latin1) throws IOException {
    send(latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  void send(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /** Reads one line without its end; what came before the end of the stream if there is none. */
  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (channel.read(one.clear()) == 1 && one.get(0) != '\n') {
      line.write(one.get(0));
    }
    return line.toString(StandardCharsets.UTF_8);
  }

  /** Reads until the server ends the connection, in whichever way. */
  String rest() {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    ByteBuffer some = ByteBuffer.allocate(4096);
    try {
      while (channel.read(some.clear()) >= 0) {
        rest.write(some.array(), 0, some.position());
      }
    } catch (IOException reset) {
      // Ended, too.
    }
    return rest.toString(StandardCharsets.UTF_8);
  }

  String ask(String command) throws IOException {
    send("{\"command\":\"" + command + "\"}\n");
    return line();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
