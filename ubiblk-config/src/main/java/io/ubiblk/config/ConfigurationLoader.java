package io.ubiblk.config;

import io.ubiblk.config.reader.ConfigurationReader;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads configurations. Loading reads every secret, also those that nobody refers to, each once; a
 * secret that comes through a pipe is waited for.
 *
 * @param environment looks up variables of the environment
 * @param warnings is told what is doubtful but accepted: readable by others, permissions without
 *     effect
 */
public record ConfigurationLoader(
    Function<String, @Nullable String> environment, Consumer<String> warnings) {

  private static final Logger LOG = LoggerFactory.getLogger(ConfigurationLoader.class);

  /** Uses the environment of the process, and logs warnings. */
  public static final ConfigurationLoader DEFAULT =
      new ConfigurationLoader(System::getenv, LOG::warn);

  /**
   * Loads a disk.
   *
   * @param file the configuration file
   * @return the configuration, to be closed
   * @throws ConfigurationException if it is not what it has to be
   */
  public Configuration load(Path file) throws ConfigurationException {
    return reader().readDisk(file);
  }

  /**
   * Loads where an archive is to be written.
   *
   * @param file the configuration file
   * @return the configuration, to be closed
   * @throws ConfigurationException if it is not what it has to be
   */
  public ArchiveTarget loadArchiveTarget(Path file) throws ConfigurationException {
    return reader().readArchiveTarget(file);
  }

  /**
   * Loads which archive is to be exported.
   *
   * @param file the configuration file
   * @return the configuration, to be closed
   * @throws ConfigurationException if it is not what it has to be
   */
  public ArchiveExport loadArchiveExport(Path file) throws ConfigurationException {
    return reader().readArchiveExport(file);
  }

  /**
   * Loads a remote stripe server.
   *
   * @param file the configuration file
   * @return the configuration, to be closed
   * @throws ConfigurationException if it is not what it has to be
   */
  public RemoteEndpoint loadRemoteEndpoint(Path file) throws ConfigurationException {
    return reader().readRemoteEndpoint(file);
  }

  private ConfigurationReader reader() {
    return new ConfigurationReader(environment, warnings);
  }
}
