package io.ubiblk.examples;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * As much of an NBD client as it takes to use a server the way that most clients do: a fixed
 * newstyle handshake, structured replies, one request at a time.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
final class NbdExercise {

  private static final int BLOCK = 4096;
  private static final int BLOCKS = 256;
  private static final int MOST_ATTEMPTS = 1000;
  private static final long PAUSE_MILLIS = 10;

  private static final int CLIENT_FLAGS = 3;
  private static final long OPTION_MAGIC = 0x49484156454F5054L;
  private static final int EXPORT_NAME = 1;
  private static final int STRUCTURED_REPLY = 8;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int DISCONNECT = 2;
  private static final int FLUSH = 3;

  // What the server sends, in bytes.
  private static final int GREETING = 18;
  private static final int OPTION_REPLY = 20;
  private static final int EXPORT = 10;
  private static final int SIMPLE_REPLY = 16;
  private static final int DATA_CHUNK = 28;

  private final SocketChannel channel;
  private final ByteBuffer bytes = ByteBuffer.allocate(BLOCK + 64);

  private NbdExercise(SocketChannel channel) {
    this.channel = channel;
  }

  /**
   * Writes, reads and flushes a disk of 1 MiB.
   *
   * @param socket where the server listens, or soon will
   * @param rounds how often to write and read a block
   */
  static void run(Path socket, int rounds) throws IOException, InterruptedException {
    try (SocketChannel channel = connect(socket)) {
      NbdExercise exercise = new NbdExercise(channel);
      exercise.open();
      for (int i = 0; i < rounds; i++) {
        int block = i % BLOCKS;
        exercise.request(WRITE, block, BLOCK, SIMPLE_REPLY);
        exercise.request(READ, block, BLOCK, DATA_CHUNK + BLOCK);
      }
      exercise.request(FLUSH, 0, 0, SIMPLE_REPLY);
      exercise.request(DISCONNECT, 0, 0, 0);
    }
  }

  private static SocketChannel connect(Path socket) throws IOException, InterruptedException {
    for (int i = 1; ; i++) {
      try {
        return SocketChannel.open(UnixDomainSocketAddress.of(socket));
      } catch (SocketException e) {
        if (i == MOST_ATTEMPTS) {
          throw e;
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    }
  }

  private void open() throws IOException {
    bytes.putInt(CLIENT_FLAGS);
    bytes.putLong(OPTION_MAGIC).putInt(STRUCTURED_REPLY).putInt(0);
    bytes.putLong(OPTION_MAGIC).putInt(EXPORT_NAME).putInt(0);
    exchange(GREETING + OPTION_REPLY + EXPORT);
  }

  private void request(int command, int block, int length, int reply) throws IOException {
    bytes.putInt(REQUEST_MAGIC).putShort((short) 0).putShort((short) command).putLong(block);
    bytes.putLong((long) block * BLOCK).putInt(length);
    // Zeros would come back as a hole.
    for (int i = 0; command == WRITE && i < length; i++) {
      bytes.put((byte) 1);
    }
    exchange(reply);
  }

  /** Sends what is in the buffer and receives so many bytes. */
  private void exchange(int expected) throws IOException {
    bytes.flip();
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    bytes.clear().limit(expected);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException("server has sent " + bytes.position() + " bytes of " + expected);
      }
    }
    bytes.clear();
  }
}
