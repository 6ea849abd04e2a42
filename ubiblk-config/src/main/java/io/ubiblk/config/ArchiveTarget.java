package io.ubiblk.config;

import io.ubiblk.crypto.Secrets;
import java.nio.file.Path;

/**
 * Where a new archive is to be written: a file with the section {@code target}. A relative path of
 * an archive counts from the configuration's directory. Closing it wipes the secrets.
 *
 * @param file the configuration file
 * @param target where the archive is to be
 * @param dangerZone what is permitted that is dangerous
 * @param secrets the secrets, decoded and unwrapped
 */
public record ArchiveTarget(
    Path file, ArchiveStorage target, DangerZone dangerZone, Secrets secrets)
    implements AutoCloseable {

  /**
   * Loads a file.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException if it is not what it has to be
   */
  public static ArchiveTarget load(Path file) throws ConfigurationException {
    return ConfigurationLoader.DEFAULT.loadArchiveTarget(file);
  }

  @Override
  public void close() {
    secrets.close();
  }
}
