package io.ubiblk.nbd.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the data of options.
 *
 * @see <a href="https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md">The NBD
 *     protocol</a>
 */
public final class OptionData {

  /**
   * The data of INFO and GO.
   *
   * @param name name of the export
   * @param infos numbers of what the client wants to know
   */
  public record Choice(String name, List<Integer> infos) {}

  /**
   * The data of LIST_META_CONTEXT and SET_META_CONTEXT.
   *
   * @param name name of the export
   * @param queries what the client asks for
   */
  public record ContextQueries(String name, List<String> queries) {}

  private OptionData() {}

  /**
   * Reads the name that EXPORT_NAME consists of.
   *
   * @param data the data of the option
   * @return the name
   * @throws MalformedOption if it is none
   */
  public static String name(ByteBuffer data) throws MalformedOption {
    return ExportName.read(data, data.remaining());
  }

  /**
   * Reads the data of INFO or GO.
   *
   * @param data the data of the option
   * @return what it says
   * @throws MalformedOption if it is not of that shape
   */
  public static Choice choice(ByteBuffer data) throws MalformedOption {
    String name = string(data);
    if (data.remaining() < 2) {
      throw new MalformedOption("option ends before the number of infos");
    }
    int count = Short.toUnsignedInt(data.getShort());
    if (data.remaining() != 2 * count) {
      throw new MalformedOption(
          count + " infos in " + data.remaining() + " bytes, expected " + 2 * count + " bytes");
    }
    List<Integer> infos = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      infos.add(Short.toUnsignedInt(data.getShort()));
    }
    return new Choice(name, infos);
  }

  /**
   * Reads the data of LIST_META_CONTEXT or SET_META_CONTEXT.
   *
   * @param data the data of the option
   * @return what it says
   * @throws MalformedOption if it is not of that shape
   */
  public static ContextQueries contextQueries(ByteBuffer data) throws MalformedOption {
    String name = string(data);
    if (data.remaining() < 4) {
      throw new MalformedOption("option ends before the number of queries");
    }
    long count = Integer.toUnsignedLong(data.getInt());
    // Each takes four bytes at least, so this bounds what is to be made.
    if (count > data.remaining() / 4) {
      throw new MalformedOption(count + " queries in " + data.remaining() + " bytes");
    }
    List<String> queries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      queries.add(string(data));
    }
    if (data.hasRemaining()) {
      throw new MalformedOption(data.remaining() + " bytes behind the last query, expected none");
    }
    return new ContextQueries(name, queries);
  }

  private static String string(ByteBuffer data) throws MalformedOption {
    if (data.remaining() < 4) {
      throw new MalformedOption("option ends before the length of a string");
    }
    long length = Integer.toUnsignedLong(data.getInt());
    if (length > data.remaining()) {
      throw new MalformedOption(
          "string of " + length + " bytes, expected at most " + data.remaining());
    }
    return ExportName.read(data, (int) length);
  }
}
