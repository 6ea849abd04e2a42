package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.Magic;
import io.ubiblk.nbd.protocol.Option;
import io.ubiblk.nbd.protocol.OptionReply;
import io.ubiblk.nbd.protocol.ReplyStyle;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A client made by hand, which sends what a test wants and shows what comes back. */
final class NbdClient implements AutoCloseable {

  /** Ends what a socket sends. */
  private interface OutputEnd {
    void reach() throws IOException;
  }

  /** A reply to an option. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Reply(int option, int type, byte[] data) {
    String text() {
      return new String(data, StandardCharsets.UTF_8);
    }

    ByteBuffer buffer() {
      return ByteBuffer.wrap(data);
    }
  }

  /** A chunk of a reply, or a simple reply as a chunk of type -1. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Chunk(int flags, int type, long cookie, long offset, byte[] data) {
    boolean last() {
      return (flags & 1) != 0;
    }

    ByteBuffer buffer() {
      return ByteBuffer.wrap(data);
    }

    /** The error of an error chunk or of a simple reply. */
    int error() {
      boolean fails = type == -1 || (type & 0x8000) != 0;
      return fails ? buffer().getInt(0) : 0;
    }
  }

  static final int SIMPLE = -1;

  private final AutoCloseable socket;
  private final OutputEnd outputEnd;
  final OutputStream out;
  final DataInputStream in;
  ReplyStyle style = ReplyStyle.SIMPLE;
  long size;
  int flags;

  private NbdClient(AutoCloseable socket, OutputEnd outputEnd, InputStream in, OutputStream out) {
    this.socket = socket;
    this.outputEnd = outputEnd;
    this.in = new DataInputStream(in);
    this.out = out;
  }

  static NbdClient connect(Path path) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
    return new NbdClient(
        channel,
        channel::shutdownOutput,
        Channels.newInputStream(channel),
        Channels.newOutputStream(channel));
  }

  static NbdClient over(Socket socket) throws IOException {
    return new NbdClient(
        socket, socket::shutdownOutput, socket.getInputStream(), socket.getOutputStream());
  }

  /** Connects, greets and agrees on a style. */
  static NbdClient greeted(Path path, ReplyStyle style) throws IOException {
    NbdClient client = connect(path);
    client.greet(Magic.FIXED_NEWSTYLE | Magic.NO_ZEROES);
    client.agree(style);
    return client;
  }

  /** Connects and chooses an export, with its allocation selected if the style can tell it. */
  static NbdClient open(Path path, ReplyStyle style, String name) throws IOException {
    NbdClient client = greeted(path, style);
    if (style.hasChunks()) {
      client.selectAllocation(name);
    }
    client.go(name);
    return client;
  }

  void greet(int clientFlags) throws IOException {
    assertEquals(Magic.GREETING, in.readLong());
    assertEquals(Magic.OPTION, in.readLong());
    assertEquals(3, in.readUnsignedShort());
    send(ByteBuffer.allocate(4).putInt(clientFlags).array());
  }

  void agree(ReplyStyle wanted) throws IOException {
    if (wanted != ReplyStyle.SIMPLE) {
      boolean wide = wanted == ReplyStyle.EXTENDED;
      int option = wide ? Option.EXTENDED_HEADERS : Option.STRUCTURED_REPLY;
      assertEquals(OptionReply.ACK, option(option).getLast().type());
    }
    style = wanted;
  }

  void selectAllocation(String name) throws IOException {
    List<Reply> replies = option(Option.SET_META_CONTEXT, queries(name, "base:allocation"));
    assertEquals(2, replies.size());
    assertEquals(1, replies.getFirst().buffer().getInt(0));
  }

  void go(String name) throws IOException {
    List<Reply> replies = option(Option.GO, choice(name));
    assertEquals(OptionReply.ACK, replies.getLast().type(), replies.getLast().text());
    takeExport(replies);
  }

  /** Remembers size and flags. */
  void takeExport(List<Reply> replies) {
    for (Reply reply : replies) {
      if (reply.type() == OptionReply.INFO && reply.buffer().getShort(0) == 0) {
        size = reply.buffer().getLong(2);
        flags = Short.toUnsignedInt(reply.buffer().getShort(10));
      }
    }
  }

  /** Sends an option and reads the replies up to the last one. */
  List<Reply> option(int option, byte... data) throws IOException {
    sendOption(option, data);
    List<Reply> replies = new ArrayList<>();
    do {
      replies.add(readReply());
    } while (replies.getLast().type() > 1);
    return replies;
  }

  void sendOption(int option, byte... data) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(16 + data.length);
    bytes.putLong(Magic.OPTION).putInt(option).putInt(data.length).put(data);
    send(bytes.array());
  }

  Reply readReply() throws IOException {
    assertEquals(Magic.OPTION_REPLY, in.readLong());
    int option = in.readInt();
    int type = in.readInt();
    return new Reply(option, type, in.readNBytes(in.readInt()));
  }

  static byte[] choice(String name, int... infos) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(6 + bytes.length + 2 * infos.length);
    data.putInt(bytes.length).put(bytes).putShort((short) infos.length);
    for (int info : infos) {
      data.putShort((short) info);
    }
    return data.array();
  }

  static byte[] queries(String name, String... queries) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    string(data, name);
    data.writeBytes(ByteBuffer.allocate(4).putInt(queries.length).array());
    for (String query : queries) {
      string(data, query);
    }
    return data.toByteArray();
  }

  private static void string(ByteArrayOutputStream data, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    data.writeBytes(ByteBuffer.allocate(4).putInt(bytes.length).array());
    data.writeBytes(bytes);
  }

  byte[] header(int command, int commandFlags, long cookie, long offset, long length) {
    boolean wide = style == ReplyStyle.EXTENDED;
    ByteBuffer bytes = ByteBuffer.allocate(style.requestSize());
    bytes.putInt(style.requestMagic()).putShort((short) commandFlags).putShort((short) command);
    bytes.putLong(cookie).putLong(offset);
    return (wide ? bytes.putLong(length) : bytes.putInt((int) length)).array();
  }

  /** Sends a request; payload is what follows its header. */
  void request(int command, int commandFlags, long cookie, long offset, long length, byte... data)
      throws IOException {
    boolean marked = style == ReplyStyle.EXTENDED && command == Command.WRITE;
    int all = commandFlags | (marked ? Command.FLAG_PAYLOAD_LEN : 0);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(header(command, all, cookie, offset, length));
    bytes.writeBytes(data);
    send(bytes.toByteArray());
  }

  void send(byte... bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /**
   * Reads one chunk or simple reply; a simple reply is followed by so many bytes if it succeeds.
   */
  Chunk readChunk(int simpleData) throws IOException {
    int magic = in.readInt();
    if (magic == Magic.SIMPLE_REPLY) {
      int error = in.readInt();
      long cookie = in.readLong();
      byte[] data = error == 0 ? in.readNBytes(simpleData) : new byte[0];
      ByteBuffer all = ByteBuffer.allocate(4 + data.length).putInt(error).put(data);
      return new Chunk(1, SIMPLE, cookie, 0, all.array());
    }
    boolean wide = magic == Magic.EXTENDED_REPLY;
    assertEquals(wide ? Magic.EXTENDED_REPLY : Magic.STRUCTURED_REPLY, magic);
    int chunkFlags = in.readUnsignedShort();
    int type = in.readUnsignedShort();
    long cookie = in.readLong();
    long offset = wide ? in.readLong() : 0;
    long length = wide ? in.readLong() : in.readInt();
    return new Chunk(chunkFlags, type, cookie, offset, in.readNBytes((int) length));
  }

  /** Reads all chunks of one request. */
  List<Chunk> readChunks(int simpleData) throws IOException {
    List<Chunk> chunks = new ArrayList<>();
    do {
      chunks.add(readChunk(simpleData));
    } while (!chunks.getLast().last());
    return chunks;
  }

  /** Sends a request without data and returns the error of its reply. */
  int command(int command, int commandFlags, long offset, long length, byte... data)
      throws IOException {
    request(command, commandFlags, 4711, offset, length, data);
    Chunk reply = readChunk(command == Command.READ ? (int) length : 0);
    assertEquals(4711, reply.cookie());
    return reply.error();
  }

  int write(long offset, byte... data) throws IOException {
    return command(Command.WRITE, 0, offset, data.length, data);
  }

  byte[] read(long offset, int length) throws IOException {
    return read(offset, length, 0);
  }

  /** Reads, and checks that the chunks cover the range exactly once. */
  byte[] read(long offset, int length, int commandFlags) throws IOException {
    request(Command.READ, commandFlags, 1, offset, length);
    List<Chunk> chunks = readChunks(length);
    byte[] content = new byte[length];
    int covered = 0;
    for (Chunk chunk : chunks) {
      assertEquals(0, chunk.error(), "read of " + length + " bytes at " + offset);
      ByteBuffer data = chunk.buffer();
      if (chunk.type() == SIMPLE) {
        System.arraycopy(chunk.data(), 4, content, 0, length);
        covered += length;
      } else if (chunk.type() == ReplyStyle.OFFSET_DATA) {
        int at = (int) (data.getLong() - offset);
        covered += data.remaining();
        data.get(content, at, data.remaining());
      } else if (chunk.type() == ReplyStyle.OFFSET_HOLE) {
        assertEquals(12, chunk.data().length);
        covered += data.getInt(8);
      }
    }
    assertEquals(length, covered);
    return content;
  }

  /** Closes the connection in one direction. */
  void finishSending() throws IOException {
    outputEnd.reach();
  }

  /** Whether the server has closed the connection, with nothing left to read. */
  boolean isClosed() throws IOException {
    try {
      return in.read() < 0;
    } catch (EOFException | java.net.SocketException e) {
      return true;
    } catch (IOException e) {
      return String.valueOf(e.getMessage()).contains("reset");
    }
  }

  @Override
  public void close() throws IOException {
    try {
      socket.close();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
