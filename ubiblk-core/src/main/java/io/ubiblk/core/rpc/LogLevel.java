package io.ubiblk.core.rpc;

import java.util.List;

/** The level at which a program logs, as far as it can be read and changed while it runs. */
public interface LogLevel {

  /** The levels, from the fewest messages to the most. */
  List<String> LEVELS = List.of("off", "error", "warn", "info", "debug", "trace");

  /** {@return the present level, one of {@link #LEVELS}} */
  String get();

  /**
   * Changes the level.
   *
   * @param level one of {@link #LEVELS}
   * @throws UnsupportedOperationException if the program cannot change it
   */
  void set(String level);

  /**
   * Returns a level that stays as it is.
   *
   * @param level one of {@link #LEVELS}
   * @return the level
   */
  static LogLevel fixed(String level) {
    return new LogLevel() {
      @Override
      public String get() {
        return level;
      }

      @Override
      public void set(String other) {
        throw new UnsupportedOperationException("the log level cannot be changed");
      }
    };
  }
}
