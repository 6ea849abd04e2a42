package io.ubiblk.examples.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The options that a program takes. Declare them first, then {@link #parse} the arguments.
 *
 * <pre>{@code
 * CommandLine line = new CommandLine("serve", "Serves a file.");
 * Option<Path> file = line.required("--file", "FILE", ValueType.PATH, "what to serve");
 * Option<Boolean> direct = line.flag("--direct", "bypass the page cache");
 * Arguments arguments = line.parse(args);
 * serve(arguments.get(file), arguments.isSet(direct));
 * }</pre>
 */
public final class CommandLine {

  /** The option that every program has. */
  private static final String HELP = "--help";

  private static final ValueType<Boolean> SWITCH =
      new ValueType<>("no value", text -> Optional.empty());

  private final String program;
  private final String purpose;
  private final List<Option<?>> options = new ArrayList<>();

  /**
   * Creates a command line without options.
   *
   * @param program what the user types to start the program
   * @param purpose what the program does, in one sentence
   */
  public CommandLine(String program, String purpose) {
    this.program = program;
    this.purpose = purpose;
    flag(HELP, "print this text and exit");
  }

  /** {@return what the user types to start the program} */
  public String program() {
    return program;
  }

  /** {@return what the program does} */
  public String purpose() {
    return purpose;
  }

  /** {@return the options in the order in which they were declared} */
  public List<Option<?>> options() {
    return List.copyOf(options);
  }

  /**
   * Adds an option that has to be given.
   *
   * @param <T> what its value becomes
   * @param name the name with its dashes
   * @param placeholder stands for the value in the help
   * @param type what the value may be
   * @param help what it does
   * @return the option
   */
  public <T> Option<T> required(String name, String placeholder, ValueType<T> type, String help) {
    return add(new Option<>(name, placeholder, type, null, true, help));
  }

  /**
   * Adds an option that may be left out.
   *
   * @param <T> what its value becomes
   * @param name the name with its dashes
   * @param placeholder stands for the value in the help
   * @param type what the value may be
   * @param help what it does
   * @return the option
   */
  public <T> Option<T> optional(String name, String placeholder, ValueType<T> type, String help) {
    return add(new Option<>(name, placeholder, type, null, false, help));
  }

  /**
   * Adds an option with a value for the case that it is left out.
   *
   * @param <T> what its value becomes
   * @param name the name with its dashes
   * @param placeholder stands for the value in the help
   * @param type what the value may be
   * @param fallback the value where it is left out, as it would be typed
   * @param help what it does
   * @return the option
   */
  public <T> Option<T> defaulted(
      String name, String placeholder, ValueType<T> type, String fallback, String help) {
    T value = type.reader().apply(fallback).orElseThrow();
    return add(
        new Option<>(name, placeholder, type, value, false, help + " (default " + fallback + ")"));
  }

  /**
   * Adds an option without a value.
   *
   * @param name the name with its dashes
   * @param help what it does
   * @return the option
   */
  public Option<Boolean> flag(String name, String help) {
    return add(new Option<>(name, "", SWITCH, false, false, help));
  }

  /**
   * Reads arguments. A value follows its option as the next argument or behind an equals sign.
   *
   * @param arguments the arguments
   * @return the values; only {@link Arguments#isHelpWanted} means anything if help was asked for
   * @throws UsageException if an option is unknown, lacks its value, has one that it cannot have,
   *     is given twice or is missing
   */
  public Arguments parse(String... arguments) throws UsageException {
    Map<Option<?>, Object> values = new HashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i];
      int equals = argument.indexOf('=');
      boolean glued = argument.startsWith("--") && equals > 0;
      Option<?> option = find(glued ? argument.substring(0, equals) : argument);
      String text = glued ? argument.substring(equals + 1) : null;
      if (!option.isFlag() && text == null) {
        i++;
        text = i < arguments.length ? arguments[i] : null;
      }
      if (values.put(option, read(option, text)) != null) {
        throw new UsageException("option " + option.name() + " is given twice, expected it once");
      }
    }
    Arguments parsed = new Arguments(values, find(HELP));
    if (!parsed.isHelpWanted()) {
      requireAll(values);
    }
    return parsed;
  }

  /** {@return what {@code --help} prints, with a line end} */
  public String help() {
    return HelpText.of(this);
  }

  private <T> Option<T> add(Option<T> option) {
    if (options.stream().anyMatch(o -> o.name().equals(option.name()))) {
      throw new IllegalArgumentException("option " + option.name() + " is declared twice");
    }
    options.add(option);
    return option;
  }

  private Option<?> find(String name) throws UsageException {
    for (Option<?> option : options) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    String names = String.join(", ", options.stream().map(Option::name).toList());
    throw new UsageException(
        (name.startsWith("-") ? "unknown option " : "unexpected argument ")
            + name
            + ", expected one of "
            + names);
  }

  private static Object read(Option<?> option, @Nullable String text) throws UsageException {
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
          "option "
              + option.name()
              + " has the value '"
              + text
              + "', expected "
              + option.type().expected());
    }
    return value.get();
  }

  private void requireAll(Map<Option<?>, Object> values) throws UsageException {
    for (Option<?> option : options) {
      if (option.required() && !values.containsKey(option)) {
        throw new UsageException(
            "option "
                + option.name()
                + " is missing, expected "
                + option.name()
                + " "
                + option.placeholder()
                + ": "
                + option.help());
      }
    }
  }
}
