package io.ubiblk.examples.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What an option's value may be.
 *
 * @param <T> what a value becomes
 * @param expected completes the sentence "expected ..."
 * @param reader makes the value of its text, or nothing if the text is no such value
 */
public record ValueType<T>(String expected, Function<String, Optional<T>> reader) {

  private static final String UNITS = "KMGT";

  /** A path. */
  public static final ValueType<Path> PATH = new ValueType<>("a path", ValueType::path);

  /** Any text that is not empty. */
  public static final ValueType<String> TEXT =
      new ValueType<>("a text", t -> Optional.of(t).filter(v -> !v.isEmpty()));

  /**
   * A number of bytes, at least 1: digits, then perhaps one of K, M, G and T, which stand for
   * powers of 1024.
   */
  public static final ValueType<Long> SIZE =
      new ValueType<>(
          "a number of bytes above 0, such as 4096, 64K, 512M, 10G or 1T", ValueType::size);

  /**
   * Returns the type of numbers in a range.
   *
   * @param low smallest number
   * @param high largest number
   * @return the type
   */
  public static ValueType<Integer> number(int low, int high) {
    return new ValueType<>(
        "a number from " + low + " to " + high,
        text ->
            digits(text)
                .filter(value -> value >= low && value <= high)
                .map(value -> Math.toIntExact(value)));
  }

  /**
   * Returns the type of the constants of an enumeration, in lower case.
   *
   * @param <E> the enumeration
   * @param constants the constants that may be chosen
   * @return the type
   */
  public static <E extends Enum<E>> ValueType<E> choice(List<E> constants) {
    String names = constants.stream().map(ValueType::name).collect(Collectors.joining(" or "));
    return new ValueType<>(
        names, text -> constants.stream().filter(c -> name(c).equals(text)).findFirst());
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Optional<Path> path(String text) {
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static Optional<Long> size(String text) {
    int last = text.length() - 1;
    int unit = last < 0 ? -1 : UNITS.indexOf(Character.toUpperCase(text.charAt(last)));
    int shift = 10 * (unit + 1);
    return digits(unit < 0 ? text : text.substring(0, last))
        .filter(value -> value > 0 && value <= Long.MAX_VALUE >> shift)
        .map(value -> value << shift);
  }

  private static Optional<Long> digits(String text) {
    // Nineteen digits can overflow; no value that long is ever in range.
    boolean number = text.length() <= 18 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return number && !text.isEmpty() ? Optional.of(Long.valueOf(text)) : Optional.empty();
  }
}
