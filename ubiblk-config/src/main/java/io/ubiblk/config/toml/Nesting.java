package io.ubiblk.config.toml;

/**
 * Finds how deep the brackets of a TOML text are nested, without parsing it: the parser is
 * recursive, and a text of brackets would exhaust its stack.
 */
final class Nesting {

  private final String text;
  private int at;

  private Nesting(String text) {
    this.text = text;
  }

  /** Returns the first offset at which brackets are nested deeper than a limit, or -1. */
  static int deeperThan(int limit, String text) {
    return new Nesting(text).scan(limit);
  }

  private int scan(int limit) {
    int depth = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      switch (c) {
        case '#' -> skipLine();
        case '"', '\'' -> skipString(c);
        case '[', '{' -> {
          if (++depth > limit) {
            return at;
          }
          at++;
        }
        case ']', '}' -> {
          depth = Math.max(0, depth - 1);
          at++;
        }
        default -> at++;
      }
    }
    return -1;
  }

  private void skipLine() {
    int end = text.indexOf('\n', at);
    at = end < 0 ? text.length() : end;
  }

  private void skipString(char quote) {
    String three = String.valueOf(quote).repeat(3);
    boolean lines = text.startsWith(three, at);
    at += lines ? 3 : 1;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\\' && quote == '"') {
        at += 2;
      } else if (lines ? text.startsWith(three, at) : c == quote) {
        at += lines ? 3 : 1;
        return;
      } else if (!lines && c == '\n') {
        return; // not closed: the parser will say so
      } else {
        at++;
      }
    }
  }
}
