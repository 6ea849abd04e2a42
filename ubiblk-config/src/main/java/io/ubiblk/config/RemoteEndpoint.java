package io.ubiblk.config;

import io.ubiblk.crypto.Secrets;
import java.nio.file.Path;

/**
 * A remote stripe server, as the server itself or a client of it sees it: a file with the section
 * {@code server}. Closing it wipes the secrets.
 *
 * @param file the configuration file
 * @param server the address to listen on or to connect to, and its parameters
 * @param dangerZone what is permitted that is dangerous
 * @param secrets the secrets, decoded and unwrapped
 */
public record RemoteEndpoint(
    Path file, RemoteConnection server, DangerZone dangerZone, Secrets secrets)
    implements AutoCloseable {

  /**
   * Loads a file.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException if it is not what it has to be
   */
  public static RemoteEndpoint load(Path file) throws ConfigurationException {
    return ConfigurationLoader.DEFAULT.loadRemoteEndpoint(file);
  }

  @Override
  public void close() {
    secrets.close();
  }
}
