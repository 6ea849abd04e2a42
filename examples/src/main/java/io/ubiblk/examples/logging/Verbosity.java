package io.ubiblk.examples.logging;

import io.ubiblk.core.rpc.LogLevel;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * The level at which this process logs. It begins as the environment says: {@code UBIBLK_LOG}, or
 * else {@code RUST_LOG} where that is a single level, as ubiblk takes it.
 */
public final class Verbosity implements LogLevel {

  private static final int OFF = LEVELS.indexOf("off");
  private static final String USUAL = "warn";
  private static final List<String> VARIABLES = List.of("UBIBLK_LOG", "RUST_LOG");

  /** The level of the whole process. */
  public static final Verbosity PROCESS = new Verbosity(System::getenv);

  private final boolean given;
  private volatile int level;

  Verbosity(Function<String, @Nullable String> environment) {
    int found = ofEnvironment(environment);
    given = found >= 0;
    level = given ? found : LEVELS.indexOf(USUAL);
  }

  private static int ofEnvironment(Function<String, @Nullable String> environment) {
    for (String variable : VARIABLES) {
      String text = environment.apply(variable);
      int index = text == null ? -1 : LEVELS.indexOf(text.strip().toLowerCase(Locale.ROOT));
      if (index >= 0) {
        return index;
      }
    }
    return -1;
  }

  @Override
  public String get() {
    return LEVELS.get(level);
  }

  @Override
  public void set(String name) {
    int index = LEVELS.indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException(
          "log level \"" + name + "\", expected one of " + String.join(", ", LEVELS));
    }
    level = index;
  }

  /**
   * Sets the level, unless the environment has.
   *
   * @param name one of {@link #LEVELS}
   */
  public void setUnlessGiven(String name) {
    if (!given) {
      set(name);
    }
  }

  /** Returns whether a message of a level is wanted. */
  boolean admits(Level message) {
    int index =
        switch (message) {
          case ERROR -> OFF + 1;
          case WARN -> OFF + 2;
          case INFO -> OFF + 3;
          case DEBUG -> OFF + 4;
          case TRACE -> OFF + 5;
        };
    return index <= level;
  }
}
