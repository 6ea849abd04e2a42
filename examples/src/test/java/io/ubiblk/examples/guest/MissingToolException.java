package io.ubiblk.examples.guest;

/** Something that a guest needs is not on this machine. */
final class MissingToolException extends Exception {

  private static final long serialVersionUID = 1L;

  MissingToolException(String message) {
    super(message);
  }
}
