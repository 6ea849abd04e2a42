package io.ubiblk.config.toml;

import io.ubiblk.config.ConfigurationException;
import java.nio.file.Path;

/**
 * A place in a configuration.
 *
 * @param file the file
 * @param line the line, counted from 1, or 0 for the file as a whole
 */
public record Position(Path file, int line) {

  /**
   * Makes the exception for something wrong here.
   *
   * @param key the dotted key, or empty
   * @param problem what was found and what was expected
   * @return the exception, not thrown
   */
  public ConfigurationException refuse(String key, String problem) {
    return new ConfigurationException(file, line, key, problem);
  }
}
