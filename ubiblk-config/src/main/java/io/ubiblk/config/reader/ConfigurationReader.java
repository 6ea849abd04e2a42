package io.ubiblk.config.reader;

import io.ubiblk.config.ArchiveExport;
import io.ubiblk.config.ArchiveStorage;
import io.ubiblk.config.ArchiveTarget;
import io.ubiblk.config.Configuration;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DangerZone;
import io.ubiblk.config.DeviceSection;
import io.ubiblk.config.EncryptionSection;
import io.ubiblk.config.RemoteConnection;
import io.ubiblk.config.RemoteEndpoint;
import io.ubiblk.config.SourceSection;
import io.ubiblk.config.Tuning;
import io.ubiblk.config.toml.Includes;
import io.ubiblk.config.toml.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads whole files of the four kinds. */
public final class ConfigurationReader {

  private static final Set<PosixFilePermission> PRIVATE =
      Set.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  private final Function<String, @Nullable String> environment;
  private final Consumer<String> warnings;

  /**
   * Creates a reader.
   *
   * @param environment looks up variables of the environment
   * @param warnings is told what is doubtful but accepted
   */
  public ConfigurationReader(
      Function<String, @Nullable String> environment, Consumer<String> warnings) {
    this.environment = environment;
    this.warnings = warnings;
  }

  /** What is left to do for one kind of file, when the secrets have been loaded. */
  @FunctionalInterface
  private interface Body<T> {
    T read(Section root, DangerZone danger, SecretChecks secrets) throws ConfigurationException;
  }

  /**
   * Reads a disk.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException if it is not what it has to be
   */
  public Configuration readDisk(Path file) throws ConfigurationException {
    return read(
        file,
        Set.of("device", "tuning", "encryption", "stripe_source"),
        (root, danger, secrets) -> {
          DeviceSection device = DiskSections.device(root);
          Tuning tuning = DiskSections.tuning(root);
          EncryptionSection encryption = DiskSections.encryption(root, secrets);
          SourceSection source = SourceSections.stripeSource(root, danger, secrets);
          if (encryption == null && !danger.permitsUnencryptedDisk()) {
            throw root.problem(
                "encryption",
                "is missing, expected a disk key, or danger_zone.enabled and"
                    + " danger_zone.allow_unencrypted_disk");
          }
          return new Configuration(
              file, device, tuning, encryption, danger, source, secrets.secrets());
        });
  }

  /**
   * Reads where an archive is to be written.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException if it is not what it has to be
   */
  public ArchiveTarget readArchiveTarget(Path file) throws ConfigurationException {
    return read(
        file,
        Set.of("target"),
        (root, danger, secrets) -> {
          ArchiveStorage storage = SourceSections.archive(root, "target", secrets);
          return new ArchiveTarget(file, storage, danger, secrets.secrets());
        });
  }

  /**
   * Reads which archive is to be exported.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException if it is not what it has to be
   */
  public ArchiveExport readArchiveExport(Path file) throws ConfigurationException {
    return read(
        file,
        Set.of("archive"),
        (root, danger, secrets) -> {
          ArchiveStorage storage = SourceSections.archive(root, "archive", secrets);
          return new ArchiveExport(file, storage, danger, secrets.secrets());
        });
  }

  /**
   * Reads a remote stripe server.
   *
   * @param file the file
   * @return the configuration
   * @throws ConfigurationException if it is not what it has to be
   */
  public RemoteEndpoint readRemoteEndpoint(Path file) throws ConfigurationException {
    return read(
        file,
        Set.of("server"),
        (root, danger, secrets) -> {
          RemoteConnection server = SourceSections.server(root, danger, secrets);
          return new RemoteEndpoint(file, server, danger, secrets.secrets());
        });
  }

  private <T> T read(Path file, Set<String> sections, Body<T> body) throws ConfigurationException {
    warnAboutReaders(file);
    Section root = Section.root(Includes.read(file), Includes.directory(file));
    sections.stream().sorted().forEach(root::expect);
    root.expect("danger_zone");
    root.expect("secrets");
    root.end();
    DangerZone danger = DiskSections.dangerZone(root, file, warnings);
    SecretChecks secrets = new SecretResolver(danger, environment).load(root);
    try {
      return body.read(root, danger, secrets);
    } catch (ConfigurationException | RuntimeException e) {
      secrets.close();
      throw e;
    }
  }

  private void warnAboutReaders(Path file) {
    try {
      if (!PRIVATE.containsAll(Files.getPosixFilePermissions(file))) {
        warnings.accept(file + " is open to other users, expected mode 0600");
      }
    } catch (IOException | UnsupportedOperationException e) {
      // Whether the file can be read at all is found out next.
    }
  }
}
