package io.ubiblk.examples.cli;

import org.jspecify.annotations.Nullable;

/**
 * One option of a command line, such as {@code --size BYTES}.
 *
 * @param <T> what its value becomes
 * @param name the name with its two dashes
 * @param placeholder stands for the value in the help; empty for a flag, which has no value
 * @param type what the value may be
 * @param fallback the value where the option is not given, or null if there is none
 * @param required whether it has to be given
 * @param help what it does, one sentence without a full stop, with the unit of its value
 */
public record Option<T>(
    String name,
    String placeholder,
    ValueType<T> type,
    @Nullable T fallback,
    boolean required,
    String help) {

  /** Checks the name. */
  public Option {
    if (!name.matches("--[a-z][a-z-]*")) {
      throw new IllegalArgumentException("option '" + name + "', expected --lower-case");
    }
  }

  /** {@return whether the option has no value} */
  public boolean isFlag() {
    return placeholder.isEmpty();
  }
}
