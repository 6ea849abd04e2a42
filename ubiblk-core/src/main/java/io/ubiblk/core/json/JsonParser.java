package io.ubiblk.core.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON as RFC 8259 defines it and nothing else. A member that an object has twice is refused,
 * and so is a text that is nested too deep; the text's length is the caller's to bound.
 */
public final class JsonParser {

  /** The deepest nesting of arrays and objects that is accepted. */
  public static final int DEEPEST = 32;

  private final String text;
  private int at;

  private JsonParser(String text) {
    this.text = text;
  }

  /**
   * Reads a text.
   *
   * @param text one value, with white space around it or not
   * @return the value
   * @throws JsonException if the text is not JSON; the message says where
   */
  public static JsonValue parse(String text) throws JsonException {
    JsonParser parser = new JsonParser(text);
    parser.skipSpace();
    JsonValue value = parser.value(0);
    parser.skipSpace();
    if (parser.at < text.length()) {
      throw parser.refuse("trailing characters");
    }
    return value;
  }

  private JsonValue value(int depth) throws JsonException {
    if (depth > DEEPEST) {
      throw refuse("nested deeper than " + DEEPEST + " levels");
    }
    return switch (peek()) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> new JsonValue.Text(string());
      case 't' -> literal("true", JsonValue.Literal.TRUE);
      case 'f' -> literal("false", JsonValue.Literal.FALSE);
      case 'n' -> literal("null", JsonValue.Literal.NULL);
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
      default -> throw refuse("expected a value");
    };
  }

  private JsonValue object(int depth) throws JsonException {
    Map<String, JsonValue> members = new LinkedHashMap<>();
    at++;
    skipSpace();
    if (skip('}')) {
      return new JsonValue.Struct(members);
    }
    do {
      skipSpace();
      if (peek() != '"') {
        throw refuse("expected the name of a member");
      }
      int start = at;
      String name = string();
      skipSpace();
      expect(':');
      skipSpace();
      if (members.put(name, value(depth + 1)) != null) {
        at = start;
        throw refuse("duplicate member");
      }
      skipSpace();
    } while (skip(','));
    expect('}');
    return new JsonValue.Struct(members);
  }

  private JsonValue array(int depth) throws JsonException {
    List<JsonValue> values = new ArrayList<>();
    at++;
    skipSpace();
    if (skip(']')) {
      return new JsonValue.Sequence(values);
    }
    do {
      skipSpace();
      values.add(value(depth + 1));
      skipSpace();
    } while (skip(','));
    expect(']');
    return new JsonValue.Sequence(values);
  }

  private JsonValue literal(String word, JsonValue value) throws JsonException {
    if (!text.startsWith(word, at)) {
      throw refuse("expected a value");
    }
    at += word.length();
    return value;
  }

  private JsonValue number() throws JsonException {
    int start = at;
    skip('-');
    if (!skip('0')) {
      digits();
    }
    if (skip('.')) {
      digits();
    }
    if (skip('e') || skip('E')) {
      if (!skip('+')) {
        skip('-');
      }
      digits();
    }
    return new JsonValue.Numeral(text.substring(start, at));
  }

  private void digits() throws JsonException {
    int start = at;
    while (peek() >= '0' && peek() <= '9') {
      at++;
    }
    if (at == start) {
      throw refuse("expected a digit");
    }
  }

  private String string() throws JsonException {
    StringBuilder out = new StringBuilder();
    at++;
    while (true) {
      char c = next();
      if (c == '"') {
        break;
      } else if (c == '\\') {
        out.append(escape());
      } else if (c < ' ') {
        throw refuse("control character in a string");
      } else {
        out.append(c);
      }
    }
    String result = out.toString();
    // A lone surrogate is no character and has no UTF-8 form.
    if (result
        .codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
      throw refuse("lone surrogate in a string");
    }
    return result;
  }

  private char escape() throws JsonException {
    char c = next();
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw refuse("invalid escape");
    };
  }

  private char unicode() throws JsonException {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      char c = next();
      int digit = c < 128 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw refuse("invalid escape");
      }
      value = value << 4 | digit;
    }
    return (char) value;
  }

  private char next() throws JsonException {
    if (at >= text.length()) {
      throw refuse("end of text in a string");
    }
    return text.charAt(at++);
  }

  /** The next character, or NUL at the end: no valid text has it outside of a string. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private boolean skip(char c) {
    boolean there = peek() == c && at < text.length();
    if (there) {
      at++;
    }
    return there;
  }

  private void expect(char c) throws JsonException {
    if (!skip(c)) {
      throw refuse("expected '" + c + "'");
    }
  }

  private void skipSpace() {
    while (" \t\n\r".indexOf(peek()) >= 0) {
      at++;
    }
  }

  private JsonException refuse(String problem) {
    return new JsonException(problem + " at column " + (Math.min(at, text.length()) + 1));
  }
}
