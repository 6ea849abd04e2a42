package io.ubiblk.config.toml;

import io.ubiblk.config.ConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** Reads one TOML file into {@linkplain TomlNode nodes}. */
public final class TomlFile {

  /** The largest file that is read, in bytes: the parser's time grows with the square. */
  public static final int LARGEST = 256 * 1024;

  /** The deepest nesting of brackets, and of tables, that is accepted. */
  static final int DEEPEST = 32;

  private static final Pattern UNEXPECTED =
      Pattern.compile("Unexpected (end of line|end of input)?.*?(, expected .*)?", Pattern.DOTALL);

  private final Path file;

  private TomlFile(Path file) {
    this.file = file;
  }

  /**
   * Reads a file.
   *
   * @param file the file
   * @return its content
   * @throws ConfigurationException if it is not TOML
   * @throws IOException if it cannot be read
   */
  public static TomlNode.Table read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return parse(file, in.readNBytes(LARGEST + 1));
    }
  }

  /**
   * Reads text that stands for a file.
   *
   * @param file the path to name in refusals
   * @param bytes the text in UTF-8
   * @return its content
   * @throws ConfigurationException if it is not TOML
   */
  public static TomlNode.Table parse(Path file, byte[] bytes) throws ConfigurationException {
    return new TomlFile(file).parse(bytes);
  }

  private TomlNode.Table parse(byte[] bytes) throws ConfigurationException {
    if (bytes.length > LARGEST) {
      throw refuse(0, "is larger than " + LARGEST + " bytes, expected a configuration");
    }
    String text = decode(bytes);
    int deep = Nesting.deeperThan(DEEPEST, text);
    if (deep >= 0) {
      int line = 1 + (int) text.substring(0, deep).chars().filter(c -> c == '\n').count();
      throw refuse(line, "brackets are nested deeper than " + DEEPEST + " levels");
    }
    TomlParseResult result = parse(text);
    if (result.hasErrors()) {
      TomlParseError error = result.errors().getFirst();
      throw refuse(error.position().line(), withoutText(String.valueOf(error.getMessage())));
    }
    return table(result, 0, 0);
  }

  private TomlParseResult parse(String text) throws ConfigurationException {
    try {
      return Toml.parse(text);
    } catch (RuntimeException | AssertionError | StackOverflowError e) {
      // The parser fails in these ways on some texts, such as strings with broken escapes, instead
      // of reporting an error. The cause may hold text of the file and is left out.
      throw refuse(0, "is not TOML: the parser failed with " + e.getClass().getSimpleName());
    }
  }

  private String decode(byte[] bytes) throws ConfigurationException {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw refuse(0, "is not UTF-8 text, expected TOML");
    }
  }

  /** What the parser says repeats text of the file, which may be part of a secret. */
  private static String withoutText(String message) {
    Matcher unexpected = UNEXPECTED.matcher(message);
    if (unexpected.matches()) {
      String what =
          unexpected.group(1) == null ? "text that does not belong there" : unexpected.group(1);
      return "is not TOML: " + what + (unexpected.group(2) == null ? "" : unexpected.group(2));
    }
    if (message.contains("defined at line") || message.contains("is not an array")) {
      return "is not TOML: the key is already "
          + message.replaceAll("(?s)^.*?((previously |already )?defined .*)$", "$1");
    }
    return "is not TOML: " + message.replaceAll("'[^']*'|\"[^\"]*\"", "(not shown)");
  }

  private TomlNode.Table table(TomlTable table, int line, int depth) throws ConfigurationException {
    if (depth > DEEPEST) {
      throw refuse(line, "tables are nested deeper than " + DEEPEST + " levels");
    }
    Map<String, TomlNode> entries = new LinkedHashMap<>();
    for (Map.Entry<String, Object> entry : table.entrySet()) {
      TomlPosition position = table.inputPositionOf(List.of(entry.getKey()));
      int at = position == null ? line : position.line();
      entries.put(entry.getKey(), node(entry.getValue(), at, depth + 1));
    }
    return new TomlNode.Table(entries, new Position(file, line));
  }

  private TomlNode node(Object value, int line, int depth) throws ConfigurationException {
    if (value instanceof TomlTable table) {
      return table(table, line, depth);
    }
    if (value instanceof TomlArray array) {
      List<TomlNode> values = new ArrayList<>();
      for (int i = 0; i < array.size(); i++) {
        values.add(node(array.get(i), array.inputPositionOf(i).line(), depth + 1));
      }
      return new TomlNode.Array(values, new Position(file, line));
    }
    return new TomlNode.Scalar(value, new Position(file, line));
  }

  private ConfigurationException refuse(int line, String problem) {
    return new ConfigurationException(file, line, "", problem);
  }
}
