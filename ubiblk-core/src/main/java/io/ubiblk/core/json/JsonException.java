package io.ubiblk.core.json;

import java.io.IOException;

/** A text is not JSON, or not what was expected. */
public final class JsonException extends IOException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what was found where, and what was expected
   */
  public JsonException(String message) {
    super(message);
  }
}
