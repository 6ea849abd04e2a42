package io.ubiblk.examples.cli;

/** A command line that a program cannot follow. The message names the option and the value. */
public final class UsageException extends Exception {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message option, value and what was expected, in one line
   */
  public UsageException(String message) {
    super(message);
  }
}
