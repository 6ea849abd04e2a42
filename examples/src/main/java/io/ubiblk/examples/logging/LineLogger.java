package io.ubiblk.examples.logging;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/** Logs a line for each message: {@code [LEVEL name] message}. What has failed follows it. */
final class LineLogger extends LegacyAbstractLogger {

  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // nobody serializes loggers
  private final transient Verbosity verbosity;

  private final transient PrintStream out;

  LineLogger(String name, Verbosity verbosity, PrintStream out) {
    this.name = name;
    this.verbosity = verbosity;
    this.out = out;
  }

  @Override
  public boolean isTraceEnabled() {
    return verbosity.admits(Level.TRACE);
  }

  @Override
  public boolean isDebugEnabled() {
    return verbosity.admits(Level.DEBUG);
  }

  @Override
  public boolean isInfoEnabled() {
    return verbosity.admits(Level.INFO);
  }

  @Override
  public boolean isWarnEnabled() {
    return verbosity.admits(Level.WARN);
  }

  @Override
  public boolean isErrorEnabled() {
    return verbosity.admits(Level.ERROR);
  }

  @Override
  protected @Nullable String getFullyQualifiedCallerName() {
    return null;
  }

  @Override
  protected void handleNormalizedLoggingCall(
      Level level,
      @Nullable Marker marker,
      String message,
      Object @Nullable [] arguments,
      @Nullable Throwable failure) {
    String text = MessageFormatter.basicArrayFormat(message, arguments);
    StringWriter whole = new StringWriter();
    PrintWriter writer = new PrintWriter(whole);
    writer.println("[" + level + " " + name + "] " + text);
    if (failure != null) {
      failure.printStackTrace(writer);
    }
    // One call, so that lines of several threads stay whole.
    out.print(whole);
    out.flush();
  }
}
