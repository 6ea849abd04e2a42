package io.ubiblk.examples.cli;

import java.util.List;

/** Makes the help of a command line. */
final class HelpText {

  private static final int WIDTH = 96;
  private static final String INDENT = "  ";

  private HelpText() {}

  static String of(CommandLine line) {
    StringBuilder text = new StringBuilder();
    text.append("Usage: ").append(line.program());
    int margin = text.length() + 1;
    int column = text.length();
    for (Option<?> option : line.options()) {
      String part = option.required() ? named(option) : "[" + named(option) + "]";
      if (column + part.length() >= WIDTH) {
        text.append('\n').repeat(' ', margin - 1);
        column = margin - 1;
      }
      text.append(' ').append(part);
      column += part.length() + 1;
    }
    text.append("\n\n").append(line.purpose()).append("\n\n");
    List<Option<?>> options = line.options();
    int names = options.stream().mapToInt(o -> named(o).length()).max().orElse(0);
    for (Option<?> option : options) {
      text.append(INDENT).append(named(option)).repeat(' ', names - named(option).length());
      wrap(text, option.help(), names + INDENT.length());
    }
    return text.toString();
  }

  private static String named(Option<?> option) {
    return option.isFlag() ? option.name() : option.name() + " " + option.placeholder();
  }

  private static void wrap(StringBuilder text, String help, int margin) {
    int column = margin;
    text.append(INDENT);
    for (String word : help.split(" ", -1)) {
      if (column + word.length() >= WIDTH) {
        text.append('\n').repeat(' ', margin + 1);
        column = margin;
      }
      text.append(column == margin ? "" : " ").append(word);
      column += word.length() + 1;
    }
    text.append('\n');
  }
}
