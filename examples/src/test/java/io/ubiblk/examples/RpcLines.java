package io.ubiblk.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client of an RPC socket that sends and reads bare lines. */
public final class RpcLines implements AutoCloseable {

  private final SocketChannel channel;
  private final BufferedReader replies;

  private RpcLines(SocketChannel channel) {
    this.channel = channel;
    this.replies = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
  }

  /** Connects. */
  public static RpcLines connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return new RpcLines(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Sends characters of eight bits as they are. */
  public void send(String latin1) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Waits for a reply; null if the connection has ended. */
  public String readLine() throws IOException {
    return replies.readLine();
  }

  /** Sends a command and returns the reply. */
  public String ask(String command) throws IOException {
    send("{\"command\":\"" + command + "\"}\n");
    return readLine();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
