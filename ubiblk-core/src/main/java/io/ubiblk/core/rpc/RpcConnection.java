package io.ubiblk.core.rpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One client. While it has not read a reply, nothing more is read from it: whatever it does, it
 * holds one request and one reply of memory. Confined to the server's thread.
 */
final class RpcConnection {

  private static final int FIRST_BUFFER = 1024;
  private static final int READ_AT_LEAST = 256;

  /** How many requests of one client are answered before it is the others' turn. */
  private static final int TURN = 16;

  private final SocketChannel channel;
  private final SelectionKey key;
  private final RpcCommands commands;
  private final int lineBytes;

  /** Bytes that were read and not yet answered, from 0 to the position. */
  private ByteBuffer input = ByteBuffer.allocate(FIRST_BUFFER);

  /** How much of the input is known to contain no line end. */
  private int scanned;

  private @Nullable ByteBuffer output;
  private boolean ended;
  private long activeNanos = System.nanoTime();

  RpcConnection(SocketChannel channel, SelectionKey key, RpcCommands commands, int lineBytes) {
    this.channel = channel;
    this.key = key;
    this.commands = commands;
    this.lineBytes = lineBytes;
  }

  /**
   * Does what can be done without waiting.
   *
   * @return whether there is more to do at once
   * @throws IOException if the client has gone or must go
   */
  boolean turn() throws IOException {
    for (int i = 0; i < TURN; i++) {
      if (!drain()) {
        key.interestOps(SelectionKey.OP_WRITE);
        return false;
      }
      if (!answerLine()) {
        if (ended) {
          throw new EndOfClient();
        }
        key.interestOps(SelectionKey.OP_READ);
        int count = read();
        if (count == 0) {
          return false;
        }
        ended = count < 0;
      }
    }
    return true;
  }

  /** Whether a reply has been waiting to be read for longer than a time. */
  boolean isStalled(long now, long nanos) {
    return output != null && now - activeNanos > nanos;
  }

  boolean hasOutput() {
    return output != null;
  }

  /** When the client last asked or read something. */
  long activeNanos() {
    return activeNanos;
  }

  void close() {
    try {
      key.cancel();
      channel.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }

  /** Writes what waits to be written; returns whether all of it is gone. */
  private boolean drain() throws IOException {
    ByteBuffer waiting = output;
    if (waiting == null) {
      return true;
    }
    if (channel.write(waiting) > 0) {
      activeNanos = System.nanoTime();
    }
    if (waiting.hasRemaining()) {
      return false;
    }
    output = null;
    return true;
  }

  private int read() throws IOException {
    if (input.remaining() < READ_AT_LEAST) {
      int capacity = Math.min(input.capacity() * 2, lineBytes + READ_AT_LEAST);
      ByteBuffer larger = ByteBuffer.allocate(Math.max(capacity, input.position() + READ_AT_LEAST));
      input = larger.put(input.flip());
    }
    return channel.read(input);
  }

  /** Answers the first line, if there is one; returns whether something was there to do. */
  private boolean answerLine() throws IOException {
    int end = lineEnd();
    if (end < 0) {
      scanned = input.position();
      if (input.position() > lineBytes) {
        refuseLine();
        return true;
      }
      if (!ended || input.position() == 0) {
        return false;
      }
      end = input.position();
    }
    if (end > lineBytes) {
      refuseLine();
      return true;
    }
    String line = decode(end);
    consume(Math.min(end + 1, input.position()));
    if (!line.isEmpty()) {
      activeNanos = System.nanoTime();
      reply(commands.answer(line));
    }
    return true;
  }

  private void refuseLine() {
    // Where the next request begins cannot be known without reading on for ever.
    reply(
        RpcCommands.error("invalid request: line longer than " + lineBytes + " bytes").toString());
    consume(input.position());
    ended = true;
  }

  private void reply(String text) {
    output = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private int lineEnd() {
    for (int i = scanned; i < input.position(); i++) {
      if (input.get(i) == '\n') {
        return i;
      }
    }
    return -1;
  }

  private String decode(int end) throws CharacterCodingException {
    return StandardCharsets.UTF_8
        .newDecoder()
        .decode(input.duplicate().flip().limit(end))
        .toString()
        .strip();
  }

  private void consume(int bytes) {
    input.flip().position(bytes);
    input.compact();
    scanned = 0;
    if (input.position() == 0 && input.capacity() > FIRST_BUFFER) {
      input = ByteBuffer.allocate(FIRST_BUFFER);
    }
  }

  /** The client has said all that it had to say, and has been answered. */
  private static final class EndOfClient extends IOException {
    private static final long serialVersionUID = 1L;
  }
}
