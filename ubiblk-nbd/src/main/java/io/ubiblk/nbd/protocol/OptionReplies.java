package io.ubiblk.nbd.protocol;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The replies to one option, as they are being written.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public final class OptionReplies {

  private static final int GREETING_BYTES = 18;
  private static final int HEADER_BYTES = 20;
  private static final int PADDING_BYTES = 124;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Creates an empty list of replies. */
  public OptionReplies() {}

  /** Writes the greeting, by which a server begins. */
  public void greeting() {
    ByteBuffer bytes = ByteBuffer.allocate(GREETING_BYTES);
    bytes.putLong(Magic.GREETING).putLong(Magic.OPTION);
    bytes.putShort((short) (Magic.FIXED_NEWSTYLE | Magic.NO_ZEROES));
    out.writeBytes(bytes.array());
  }

  /**
   * Writes a reply.
   *
   * @param option number of the option
   * @param type type of the reply
   * @param data what follows its header
   */
  public void reply(int option, int type, byte... data) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.putLong(Magic.OPTION_REPLY).putInt(option).putInt(type).putInt(data.length);
    out.writeBytes(header.array());
    out.writeBytes(data);
  }

  /**
   * Writes a reply that says something in words.
   *
   * @param option number of the option
   * @param type type of the reply
   * @param text what it says
   */
  public void text(int option, int type, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    reply(option, type, bytes.length <= ExportName.LONGEST ? bytes : new byte[0]);
  }

  /**
   * Writes a reply that is a number and a string.
   *
   * @param option number of the option
   * @param type type of the reply
   * @param number the number
   * @param text the string, which takes the rest of the reply
   */
  public void numbered(int option, int type, int number, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    reply(option, type, ByteBuffer.allocate(4 + bytes.length).putInt(number).put(bytes).array());
  }

  /**
   * Writes an export of a list.
   *
   * @param option number of the option
   * @param name name of the export
   * @param description its description, or nothing
   */
  public void export(int option, String name, String description) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    byte[] rest = description.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(4 + bytes.length + rest.length);
    reply(option, OptionReply.SERVER, data.putInt(bytes.length).put(bytes).put(rest).array());
  }

  /**
   * Writes a string about an export.
   *
   * @param option number of the option
   * @param info number of the information
   * @param text the string
   */
  public void info(int option, int info, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(2 + bytes.length).putShort((short) info).put(bytes);
    reply(option, OptionReply.INFO, data.array());
  }

  /**
   * Writes size and flags of an export.
   *
   * @param option number of the option
   * @param size size in bytes
   * @param flags flags of {@link ExportFlag}
   */
  public void exportInfo(int option, long size, int flags) {
    ByteBuffer data = ByteBuffer.allocate(12).putShort((short) OptionReply.INFO_EXPORT);
    reply(option, OptionReply.INFO, data.putLong(size).putShort((short) flags).array());
  }

  /**
   * Writes which requests an export takes.
   *
   * @param option number of the option
   * @param smallest smallest unit in bytes
   * @param preferred preferred unit in bytes
   * @param largest largest read or write in bytes
   */
  public void blockSizes(int option, int smallest, int preferred, int largest) {
    ByteBuffer data = ByteBuffer.allocate(14).putShort((short) OptionReply.INFO_BLOCK_SIZE);
    reply(
        option, OptionReply.INFO, data.putInt(smallest).putInt(preferred).putInt(largest).array());
  }

  /**
   * Writes what EXPORT_NAME is answered with.
   *
   * @param size size in bytes
   * @param flags flags of {@link ExportFlag}
   * @param padded whether zeros follow
   */
  public void oldStyleExport(long size, int flags, boolean padded) {
    ByteBuffer data = ByteBuffer.allocate(10 + (padded ? PADDING_BYTES : 0));
    out.writeBytes(data.putLong(size).putShort((short) flags).array());
  }

  /**
   * Takes the bytes that were written.
   *
   * @return the bytes; none are left
   */
  public byte[] take() {
    byte[] bytes = out.toByteArray();
    out.reset();
    return bytes;
  }
}
