package io.ubiblk.config;

import io.ubiblk.crypto.Secrets;
import java.nio.file.Path;

/**
 * An archive to export: a file with the section {@code archive}. A relative path of an archive
 * counts from the configuration's directory. Closing it wipes the secrets.
 *
 * @param file the configuration file
 * @param archive where the archive is
 * @param dangerZone what is permitted that is dangerous
 * @param secrets the secrets, decoded and unwrapped
 */
public record ArchiveExport(
    Path file, ArchiveStorage archive, DangerZone dangerZone, Secrets secrets)
    implements AutoCloseable {

  /**
   * Loads a file.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException if it is not what it has to be
   */
  public static ArchiveExport load(Path file) throws ConfigurationException {
    return ConfigurationLoader.DEFAULT.loadArchiveExport(file);
  }

  @Override
  public void close() {
    secrets.close();
  }
}
