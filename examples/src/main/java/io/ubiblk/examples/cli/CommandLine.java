package io.ubiblk.examples.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
  private final Map<Character, Option<?>> letters = new HashMap<>();
  private final Set<Option<?>> repeatable = new HashSet<>();
  private final Option<Boolean> help;
  private @Nullable Option<Boolean> version;
  private String versionText = "";

  /**
   * Creates a command line without options.
   *
   * @param program what the user types to start the program
   * @param purpose what the program does, in one sentence
   */
  public CommandLine(String program, String purpose) {
    this.program = program;
    this.purpose = purpose;
    help = flag(HELP, "print this text and exit");
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
   * Adds an option that may be given several times.
   *
   * @param <T> what one value becomes
   * @param name the name with its dashes
   * @param placeholder stands for the value in the help
   * @param type what one value may be
   * @param help what it does
   * @return the option, whose value is the list of all that were given
   */
  public <T> Option<List<T>> repeated(
      String name, String placeholder, ValueType<T> type, String help) {
    Option<List<T>> option =
        add(new Option<>(name, placeholder, listOf(type), List.of(), false, help));
    repeatable.add(option);
    return option;
  }

  /**
   * Adds an argument that has to be given and is known by its place.
   *
   * @param <T> what its value becomes
   * @param name stands for the value, in capitals
   * @param type what the value may be
   * @param help what it is
   * @return the argument
   */
  public <T> Option<T> operand(String name, ValueType<T> type, String help) {
    return add(new Option<>(name, name, type, null, true, help));
  }

  /**
   * Takes any number of arguments that are no options, behind all other operands.
   *
   * @param <T> what one value becomes
   * @param name stands for the values, in capitals
   * @param type what one value may be
   * @param help what they are
   * @return the arguments, whose value is the list of all that were given
   */
  public <T> Option<List<T>> operands(String name, ValueType<T> type, String help) {
    return repeated(name, name, type, help);
  }

  /**
   * Gives an option a short name.
   *
   * @param <T> what its value becomes
   * @param letter the letter that follows a single dash
   * @param option the option
   * @return the option
   */
  public <T> Option<T> letter(char letter, Option<T> option) {
    letters.put(letter, option);
    return option;
  }

  /**
   * Adds the option {@code --version}, also as {@code -V}, and lets {@code -h} ask for help.
   *
   * @param text what it prints, without a line end
   * @return this
   */
  public CommandLine withVersion(String text) {
    version = letter('V', flag("--version", "print the version and exit"));
    versionText = text;
    letter('h', help);
    return this;
  }

  /**
   * {@return what {@code --version} prints, without a line end; empty if there is no such option}
   */
  public String version() {
    return versionText;
  }

  /**
   * Reads arguments. A value follows its option as the next argument or behind an equals sign; that
   * of a short name may also follow at once. Behind {@code --} there are no options.
   *
   * @param arguments the arguments
   * @return the values; only {@link Arguments#isHelpWanted} and {@link Arguments#isVersionWanted}
   *     mean anything if one of them is true
   * @throws UsageException if an option is unknown, lacks its value, has one that it cannot have,
   *     is given twice or is missing
   */
  public Arguments parse(String... arguments) throws UsageException {
    return new ArgumentReader(this).read(arguments);
  }

  /** {@return how the program is called, in one line or more, with a line end} */
  public String usage() {
    return HelpText.usage(this);
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

  Option<Boolean> helpOption() {
    return help;
  }

  @Nullable Option<Boolean> versionOption() {
    return version;
  }

  @Nullable Option<?> ofLetter(char letter) {
    return letters.get(letter);
  }

  boolean isRepeatable(Option<?> option) {
    return repeatable.contains(option);
  }

  /** Returns the option's short name with its dash, or nothing. */
  Optional<String> letterOf(Option<?> option) {
    return letters.entrySet().stream()
        .filter(entry -> entry.getValue().equals(option))
        .map(entry -> "-" + entry.getKey())
        .findFirst();
  }

  private static <T> ValueType<List<T>> listOf(ValueType<T> type) {
    return new ValueType<>(type.expected(), text -> type.reader().apply(text).map(List::of));
  }
}
