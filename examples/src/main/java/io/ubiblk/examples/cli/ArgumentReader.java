package io.ubiblk.examples.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the arguments of a command line, once. */
final class ArgumentReader {

  private final CommandLine line;
  private final Map<Option<?>, Object> values = new HashMap<>();
  private final Iterator<Option<?>> operands;
  private @Nullable Option<?> operand;

  ArgumentReader(CommandLine line) {
    this.line = line;
    this.operands = line.options().stream().filter(Option::isOperand).iterator();
  }

  Arguments read(String... arguments) throws UsageException {
    boolean optionsEnded = false;
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i];
      if (!optionsEnded && argument.equals("--")) {
        optionsEnded = true;
        continue;
      }
      boolean isOption = !optionsEnded && argument.startsWith("-") && argument.length() > 1;
      Option<?> option = isOption ? null : nextOperand(argument);
      String text = option == null ? null : argument;
      if (option == null) {
        option = find(argument);
        text = gluedValue(argument);
        if (!option.isFlag() && text == null && i + 1 < arguments.length) {
          i++;
          text = arguments[i];
        }
      }
      keep(option, text);
    }
    Arguments parsed = new Arguments(values, line.helpOption(), line.versionOption());
    if (!parsed.isHelpWanted() && !parsed.isVersionWanted()) {
      requireAll();
    }
    return parsed;
  }

  private void keep(Option<?> option, @Nullable String text) throws UsageException {
    Object value = value(option, text);
    Object before = values.put(option, value);
    if (before == null) {
      return;
    }
    if (!line.isRepeatable(option)) {
      throw new UsageException("option " + option.name() + " is given twice, expected it once");
    }
    List<Object> all = new ArrayList<>((List<?>) before);
    all.addAll((List<?>) value);
    values.put(option, all);
  }

  private Option<?> nextOperand(String argument) throws UsageException {
    Option<?> next = operand;
    if (next == null || !line.isRepeatable(next)) {
      next = operands.hasNext() ? operands.next() : null;
      operand = next;
    }
    if (next == null) {
      throw unknown("unexpected argument ", argument);
    }
    return next;
  }

  private Option<?> find(String argument) throws UsageException {
    if (!argument.startsWith("--")) {
      Option<?> option = line.ofLetter(argument.charAt(1));
      if (option == null || (option.isFlag() && argument.length() > 2)) {
        throw unknown("unknown option ", argument);
      }
      return option;
    }
    int equals = argument.indexOf('=');
    String name = equals < 0 ? argument : argument.substring(0, equals);
    for (Option<?> option : line.options()) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    throw unknown("unknown option ", name);
  }

  private static @Nullable String gluedValue(String argument) {
    if (argument.startsWith("--")) {
      int equals = argument.indexOf('=');
      return equals < 0 ? null : argument.substring(equals + 1);
    }
    int from = argument.startsWith("=", 2) ? 3 : 2;
    return argument.length() == 2 ? null : argument.substring(from);
  }

  private UsageException unknown(String what, String name) {
    String names = String.join(", ", line.options().stream().map(Option::name).toList());
    return new UsageException(what + name + ", expected one of " + names);
  }

  private static Object value(Option<?> option, @Nullable String text) throws UsageException {
    if (option.isFlag()) {
      if (text != null) {
        throw new UsageException(
            "option " + option.name() + " has the value '" + text + "', expected none");
      }
      return true;
    }
    if (text == null) {
      throw new UsageException(
          "option " + option.name() + " has no value, expected " + option.type().expected());
    }
    Optional<?> value = option.type().reader().apply(text);
    if (value.isEmpty()) {
      throw new UsageException(
          (option.isOperand() ? "argument " : "option ")
              + option.name()
              + " has the value '"
              + text
              + "', expected "
              + option.type().expected());
    }
    return value.get();
  }

  private void requireAll() throws UsageException {
    for (Option<?> option : line.options()) {
      if (option.required() && !values.containsKey(option)) {
        throw new UsageException(
            (option.isOperand() ? "argument " : "option ")
                + option.name()
                + " is missing, expected "
                + (option.isOperand() ? "" : option.name() + " ")
                + option.placeholder()
                + ": "
                + option.help());
      }
    }
  }
}
