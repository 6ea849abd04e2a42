package io.ubiblk.core.json;

import java.util.HexFormat;
import java.util.Map;

/** Writes JSON. */
final class JsonText {

  private JsonText() {}

  static String of(JsonValue value) {
    StringBuilder out = new StringBuilder();
    append(value, out);
    return out.toString();
  }

  private static void append(JsonValue value, StringBuilder out) {
    switch (value) {
      case JsonValue.Struct object -> {
        char before = '{';
        for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
          quote(member.getKey(), out.append(before));
          append(member.getValue(), out.append(':'));
          before = ',';
        }
        out.append(before == '{' ? "{}" : "}");
      }
      case JsonValue.Sequence array -> {
        char before = '[';
        for (JsonValue element : array.values()) {
          append(element, out.append(before));
          before = ',';
        }
        out.append(before == '[' ? "[]" : "]");
      }
      case JsonValue.Text text -> quote(text.text(), out);
      case JsonValue.Numeral number -> out.append(number.text());
      case JsonValue.Literal literal -> out.append(literal);
    }
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> out.append('\\').append(c);
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < ' ') {
            out.append("\\u").append(HexFormat.of().toHexDigits(c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
