package io.ubiblk.config;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A configuration is not what it has to be. The message names the file, the line where there is
 * one, the key, the value where it is no secret, and what was expected.
 */
public final class ConfigurationException extends IOException {

  private static final long serialVersionUID = 1L;

  /** The file's path, as text because exceptions are serialized. */
  private final String file;

  /** The line, or 0. */
  private final int line;

  /** The key, or empty. */
  private final String key;

  /**
   * Creates the exception.
   *
   * @param file the file that is wrong
   * @param line the line, counted from 1, or 0 if it is not about one
   * @param key the dotted key, or empty if it is not about one
   * @param problem what was found and what was expected; never a secret
   */
  public ConfigurationException(Path file, int line, String key, String problem) {
    super(message(file, line, key, problem));
    this.file = file.toString();
    this.line = line;
    this.key = key;
  }

  /** {@return the file that is wrong} */
  public Path file() {
    return Path.of(file);
  }

  /** {@return the line, counted from 1, or 0 if it is not about one} */
  public int line() {
    return line;
  }

  /** {@return the dotted key, or empty if it is not about one} */
  public String key() {
    return key;
  }

  private static String message(Path file, int line, String key, String problem) {
    String where = line > 0 ? file + ", line " + line : file.toString();
    return where + ": " + (key.isEmpty() ? "" : key + " ") + problem;
  }
}
