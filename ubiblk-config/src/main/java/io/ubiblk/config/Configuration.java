package io.ubiblk.config;

import io.ubiblk.crypto.Secrets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A disk as a configuration file describes it. Whatever can be known from the file alone has been
 * checked; relative paths count from the file's directory. Closing the configuration wipes its
 * secrets; a disk that was built from it does not need them any more.
 *
 * <pre>{@code
 * try (Configuration configuration = Configuration.load(Path.of("disk.toml"));
 *     VirtualDisk disk = DiskAssembly.open(configuration)) {
 *   ...
 * }
 * }</pre>
 *
 * @param file the configuration file
 * @param device the disk itself
 * @param tuning how it is served
 * @param encryption how it is encrypted, or null if it is not
 * @param dangerZone what is permitted that is dangerous
 * @param stripeSource where stripes come from that the disk does not hold yet, or null
 * @param secrets the secrets, decoded and unwrapped
 */
public record Configuration(
    Path file,
    DeviceSection device,
    Tuning tuning,
    @Nullable EncryptionSection encryption,
    DangerZone dangerZone,
    @Nullable SourceSection stripeSource,
    Secrets secrets)
    implements AutoCloseable {

  /**
   * Loads a file.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException if it is not what it has to be
   */
  public static Configuration load(Path file) throws ConfigurationException {
    return ConfigurationLoader.DEFAULT.load(file);
  }

  @Override
  public void close() {
    secrets.close();
  }
}
