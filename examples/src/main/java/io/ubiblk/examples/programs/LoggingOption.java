package io.ubiblk.examples.programs;

import io.ubiblk.core.rpc.LogLevel;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.ValueType;
import io.ubiblk.examples.logging.Verbosity;
import java.util.Optional;

/** The option that says how much is logged. */
public final class LoggingOption {

  /** As in ubiblk. */
  private static final String USUAL = "error";

  private static final ValueType<String> LEVEL =
      new ValueType<>(
          String.join(", ", LogLevel.LEVELS.subList(0, LogLevel.LEVELS.size() - 1))
              + " or "
              + LogLevel.LEVELS.getLast(),
          text -> Optional.of(text).filter(LogLevel.LEVELS::contains));

  private final Option<String> level;

  /**
   * Adds the option to a command line.
   *
   * @param line the command line
   */
  public LoggingOption(CommandLine line) {
    level =
        line.optional(
            "--log-level",
            "LEVEL",
            LEVEL,
            LEVEL.expected()
                + ": what is logged to standard error; unless given, UBIBLK_LOG or RUST_LOG says,"
                + " or else it is "
                + USUAL);
  }

  /**
   * Sets the level of the process.
   *
   * @param arguments what was given
   */
  public void apply(Arguments arguments) {
    arguments
        .find(level)
        .ifPresentOrElse(Verbosity.PROCESS::set, () -> Verbosity.PROCESS.setUnlessGiven(USUAL));
  }
}
