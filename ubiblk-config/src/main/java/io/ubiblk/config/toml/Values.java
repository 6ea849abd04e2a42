package io.ubiblk.config.toml;

import java.util.HexFormat;

/** How values are shown in refusals. */
final class Values {

  private static final int LONGEST = 80;

  private Values() {}

  /** Shows a string in quotes, without control characters, shortened. */
  static String show(String value) {
    StringBuilder shown = new StringBuilder("\"");
    value.codePoints().limit(LONGEST).forEach(c -> append(shown, c));
    if (value.codePointCount(0, value.length()) > LONGEST) {
      shown.append("...");
    }
    return shown.append('"').toString();
  }

  /** Shows a value, or what kind of value it is. */
  static String show(TomlNode node, boolean confidential) {
    return switch (node) {
      case TomlNode.Table table -> "is a table";
      case TomlNode.Array array -> "is an array of " + array.values().size() + " values";
      case TomlNode.Scalar scalar -> confidential ? kind(scalar.value()) : "= " + text(scalar);
    };
  }

  /** Puts a key behind the name of its table, in quotes where TOML demands them. */
  static String dotted(String table, String key) {
    String shown = key.matches("[A-Za-z0-9_-]{1,80}") ? key : show(key);
    return table.isEmpty() ? shown : table + "." + shown;
  }

  private static String text(TomlNode.Scalar scalar) {
    return scalar.value() instanceof String s ? show(s) : scalar.value().toString();
  }

  private static String kind(Object value) {
    return switch (value) {
      case String s -> "is a string (not shown)";
      case Long l -> "is an integer (not shown)";
      case Double d -> "is a float (not shown)";
      case Boolean b -> "is a boolean (not shown)";
      default -> "is a date or time (not shown)";
    };
  }

  private static void append(StringBuilder shown, int c) {
    if (c == '"' || c == '\\') {
      shown.append('\\').appendCodePoint(c);
    } else if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
      shown.append("\\u").append(HexFormat.of().toHexDigits(c, 4));
    } else {
      shown.appendCodePoint(c);
    }
  }
}
