package io.ubiblk.core.rpc;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** A client's connection: sends a line and waits for a line, neither for ever. */
final class RpcLine implements AutoCloseable {

  /** A backend with the most queues, all full, needs less. */
  private static final int LONGEST_REPLY = 64 << 20;

  private final Path path;
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final Duration timeout;
  private ByteBuffer input = ByteBuffer.allocate(4096);

  private RpcLine(Path path, SocketChannel channel, Selector selector, Duration timeout)
      throws IOException {
    this.path = path;
    this.channel = channel;
    this.selector = selector;
    this.timeout = timeout;
    this.key = channel.register(selector, 0);
  }

  static RpcLine connect(Path path, Duration timeout) throws IOException {
    Selector selector = Selector.open();
    try {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        // Connecting to a Unix socket succeeds or fails at once, unless the server's backlog is
        // full; then it fails too.
        channel.configureBlocking(false);
        if (!channel.connect(UnixDomainSocketAddress.of(path))) {
          throw new SocketTimeoutException(path + " takes no connection now");
        }
        return new RpcLine(path, channel, selector, timeout);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      selector.close();
      throw e;
    }
  }

  /** Sends one line and returns the one that comes back, both without their ends. */
  String exchange(String request) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    ByteBuffer output = ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8));
    while (output.hasRemaining()) {
      if (channel.write(output) == 0) {
        await(SelectionKey.OP_WRITE, deadline);
      }
    }
    int scanned = 0;
    while (true) {
      for (; scanned < input.position(); scanned++) {
        if (input.get(scanned) == '\n') {
          return take(scanned);
        }
      }
      receive(deadline);
    }
  }

  private void receive(long deadline) throws IOException {
    if (!input.hasRemaining()) {
      if (input.capacity() >= LONGEST_REPLY) {
        throw new IOException(path + " sent a reply of more than " + LONGEST_REPLY + " bytes");
      }
      input = ByteBuffer.allocate(input.capacity() * 2).put(input.flip());
    }
    int count = channel.read(input);
    if (count < 0) {
      throw new EOFException(path + " ended the connection");
    }
    if (count == 0) {
      await(SelectionKey.OP_READ, deadline);
    }
  }

  private void await(int operation, long deadline) throws IOException {
    key.interestOps(operation);
    long left = (deadline - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      throw new SocketTimeoutException(
          path + " did not answer within " + timeout.toMillis() + " ms");
    }
    selector.select(left);
    selector.selectedKeys().clear();
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while waiting for " + path);
    }
  }

  private String take(int end) {
    String line = StandardCharsets.UTF_8.decode(input.duplicate().flip().limit(end)).toString();
    input.flip().position(end + 1);
    input.compact();
    return line;
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      selector.close();
    }
  }
}
