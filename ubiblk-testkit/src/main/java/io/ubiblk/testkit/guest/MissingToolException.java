package io.ubiblk.testkit.guest;

/** Something that a guest needs is not on this machine. */
public final class MissingToolException extends Exception {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what is missing
   */
  public MissingToolException(String message) {
    super(message);
  }
}
