package io.ubiblk.examples;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The least that an NBD client can be: it names an export, and sends one request at a time. */
public final class NbdReader implements AutoCloseable {

  private static final long OPTION_MAGIC = 0x49484156454F5054L;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final int REPLY_MAGIC = 0x67446698;
  private static final int EXPORT_NAME = 1;
  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int DISCONNECT = 2;
  private static final int FLUSH = 3;
  private static final int PIECE = 1 << 20;

  private final SocketChannel channel;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final long size;
  private final int flags;

  private NbdReader(SocketChannel channel, String export) throws IOException {
    this.channel = channel;
    this.in = new DataInputStream(Channels.newInputStream(channel));
    this.out = new DataOutputStream(Channels.newOutputStream(channel));
    in.readNBytes(18);
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    ByteBuffer hello = ByteBuffer.allocate(20 + name.length);
    hello.putInt(3).putLong(OPTION_MAGIC).putInt(EXPORT_NAME).putInt(name.length).put(name);
    out.write(hello.array());
    size = in.readLong();
    flags = in.readUnsignedShort();
  }

  /**
   * Connects.
   *
   * @param socket a Unix socket
   * @return the client of the default export
   * @throws IOException if there is none
   */
  public static NbdReader connect(Path socket) throws IOException {
    return connect(UnixDomainSocketAddress.of(socket), "");
  }

  static NbdReader connect(SocketAddress address, String export) throws IOException {
    SocketChannel channel = SocketChannel.open(address);
    try {
      return new NbdReader(channel, export);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** {@return size of the export in bytes} */
  public long size() {
    return size;
  }

  int flags() {
    return flags;
  }

  /**
   * Reads the whole export.
   *
   * @return its content
   * @throws IOException if a request fails
   */
  public byte[] readAll() throws IOException {
    byte[] all = new byte[Math.toIntExact(size)];
    for (int at = 0; at < all.length; at += PIECE) {
      int length = Math.min(PIECE, all.length - at);
      request(READ, at, length);
      expectSuccess();
      in.readFully(all, at, length);
    }
    return all;
  }

  byte[] read(long offset, int length) throws IOException {
    request(READ, offset, length);
    expectSuccess();
    return in.readNBytes(length);
  }

  void write(long offset, byte... data) throws IOException {
    request(WRITE, offset, data.length);
    out.write(data);
    expectSuccess();
  }

  void flush() throws IOException {
    request(FLUSH, 0, 0);
    expectSuccess();
  }

  private void request(int command, long offset, int length) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(28);
    header.putInt(REQUEST_MAGIC).putShort((short) 0).putShort((short) command);
    out.write(header.putLong(offset).putLong(offset).putInt(length).array());
  }

  private void expectSuccess() throws IOException {
    int magic = in.readInt();
    int error = in.readInt();
    in.readLong();
    if (magic != REPLY_MAGIC || error != 0) {
      throw new IOException("reply of magic " + Integer.toHexString(magic) + ", error " + error);
    }
  }

  @Override
  public void close() throws IOException {
    request(DISCONNECT, 0, 0);
    channel.close();
  }
}
