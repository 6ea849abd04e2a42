package io.ubiblk.nbd.protocol;

/** The data of an option does not have the shape that it should have. */
public final class MalformedOption extends Exception {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what was found and what was expected; sent to the client
   */
  public MalformedOption(String message) {
    super(message, null, false, false);
  }

  /** {@return what was found and what was expected} */
  public String reason() {
    return String.valueOf(getMessage());
  }
}
