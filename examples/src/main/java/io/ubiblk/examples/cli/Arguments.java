package io.ubiblk.examples.cli;

import java.util.Map;
import java.util.Optional;

/** The values of a command line's options, as they were given or as they are by default. */
public final class Arguments {

  private final Map<Option<?>, Object> values;
  private final boolean helpWanted;

  Arguments(Map<Option<?>, Object> values, Option<?> help) {
    this.values = Map.copyOf(values);
    this.helpWanted = values.containsKey(help);
  }

  /** {@return whether help was asked for instead of work} */
  public boolean isHelpWanted() {
    return helpWanted;
  }

  /**
   * Returns whether an option was given.
   *
   * @param option the option
   * @return whether it was given
   */
  public boolean isSet(Option<?> option) {
    return values.containsKey(option);
  }

  /**
   * Returns the value of an option that has one in any case: a required or a defaulted one.
   *
   * @param <T> what the value became
   * @param option the option
   * @return the value
   */
  public <T> T get(Option<T> option) {
    return find(option)
        .orElseThrow(() -> new IllegalStateException(option.name() + " has no default"));
  }

  /**
   * Returns the value of an option.
   *
   * @param <T> what the value became
   * @param option the option
   * @return the value, or empty if the option was not given and has no default
   */
  @SuppressWarnings("unchecked") // the option's own type read the value
  public <T> Optional<T> find(Option<T> option) {
    return Optional.ofNullable((T) values.getOrDefault(option, option.fallback()));
  }

  /**
   * Refuses an option that means nothing without another one.
   *
   * @param option the option
   * @param other the one that it needs
   * @throws UsageException if the option was given and the other was not
   */
  public void requireWith(Option<?> option, Option<?> other) throws UsageException {
    if (isSet(option) && !isSet(other)) {
      throw new UsageException(
          "option "
              + option.name()
              + " is given without "
              + other.name()
              + ", expected "
              + (other.isFlag() ? other.name() : other.name() + " " + other.placeholder())
              + " beside it");
    }
  }

  /**
   * Refuses an option beside something that it contradicts.
   *
   * @param option the option
   * @param reason completes the sentence "option X is given, but ..."
   * @throws UsageException if the option was given
   */
  public void refuse(Option<?> option, String reason) throws UsageException {
    if (isSet(option)) {
      throw new UsageException("option " + option.name() + " is given, but " + reason);
    }
  }
}
