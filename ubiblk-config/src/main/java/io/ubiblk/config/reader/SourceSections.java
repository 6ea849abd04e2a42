package io.ubiblk.config.reader;

import io.ubiblk.config.ArchiveStorage;
import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DangerZone;
import io.ubiblk.config.RemoteConnection;
import io.ubiblk.config.SourceSection;
import io.ubiblk.config.toml.Section;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads where stripes come from and go to. */
final class SourceSections {

  private static final long CONNECTIONS = 16;
  private static final long CONNECT_MILLIS = 5_000;
  private static final long ATTEMPT_MILLIS = 20_000;
  private static final long ATTEMPTS = 3;
  private static final long MOST_ATTEMPTS = 0xffff_ffffL;

  private SourceSections() {}

  static @Nullable SourceSection stripeSource(Section root, DangerZone danger, SecretChecks secrets)
      throws ConfigurationException {
    Section section = root.table("stripe_source");
    if (section == null) {
      return null;
    }
    String kinds = "one of raw, archive, remote";
    String type = section.required("type", section.string("type"), kinds);
    boolean autofetch = section.flag("autofetch");
    SourceSection source =
        switch (type) {
          case "raw" -> raw(section, autofetch);
          case "archive" -> new SourceSection.Archive(storage(section, secrets), autofetch);
          case "remote" ->
              new SourceSection.Remote(connection(section, danger, secrets), autofetch);
          default -> throw section.refuse("type", kinds);
        };
    section.end();
    return source;
  }

  private static SourceSection raw(Section section, boolean autofetch)
      throws ConfigurationException {
    Path image =
        section.required("image_path", section.path("image_path"), "the path of the image");
    return new SourceSection.Raw(image, autofetch, section.flag("copy_on_read"));
  }

  /** Reads a section that is an archive and nothing else. */
  static ArchiveStorage archive(Section root, String name, SecretChecks secrets)
      throws ConfigurationException {
    Section section = root.required(name, root.table(name), "a section with storage");
    section.flag("autofetch");
    ArchiveStorage storage = storage(section, secrets);
    section.end();
    return storage;
  }

  /** Reads a section that is a remote end and nothing else. */
  static RemoteConnection server(Section root, DangerZone danger, SecretChecks secrets)
      throws ConfigurationException {
    Section section = root.required("server", root.table("server"), "a section with address");
    section.flag("autofetch");
    RemoteConnection connection = connection(section, danger, secrets);
    section.end();
    return connection;
  }

  private static ArchiveStorage storage(Section section, SecretChecks secrets)
      throws ConfigurationException {
    String kinds = "one of filesystem, s3";
    String storage = section.required("storage", section.string("storage"), kinds);
    int kek = ArchiveStorage.KEK_BYTES;
    String archiveKek = secrets.optional(section, "archive_kek", kek, kek);
    return switch (storage) {
      case "filesystem" ->
          new ArchiveStorage.Filesystem(
              section.required("path", section.path("path"), "the archive's directory"),
              archiveKek);
      case "s3" -> s3(section, archiveKek, secrets);
      default -> throw section.refuse("storage", kinds);
    };
  }

  private static ArchiveStorage s3(
      Section section, @Nullable String archiveKek, SecretChecks secrets)
      throws ConfigurationException {
    return new ArchiveStorage.S3(
        section.required("bucket", section.string("bucket"), "the name of a bucket"),
        prefix(section),
        section.string("region"),
        section.string("endpoint"),
        secrets.required(section, "access_key_id", 1, Integer.MAX_VALUE),
        secrets.required(section, "secret_access_key", 1, Integer.MAX_VALUE),
        secrets.optional(section, "session_token", 1, Integer.MAX_VALUE),
        archiveKek,
        section.integer("connections", CONNECTIONS, 1, Long.MAX_VALUE),
        section.integer("connect_timeout_ms", CONNECT_MILLIS, 1, Long.MAX_VALUE),
        section.integer("operation_attempt_timeout_ms", ATTEMPT_MILLIS, 1, Long.MAX_VALUE),
        section.integer("max_attempts", ATTEMPTS, 1, MOST_ATTEMPTS),
        retry(section));
  }

  private static @Nullable String prefix(Section section) throws ConfigurationException {
    String prefix = section.string("prefix");
    if (prefix != null) {
      boolean first = true;
      for (String part : prefix.split("/", -1)) {
        if (part.equals("..") || (first && part.equals("."))) {
          throw section.refuse("prefix", "no component \"..\", and no \".\" at the beginning");
        }
        first = false;
      }
    }
    return prefix;
  }

  private static ArchiveStorage.RateLimitedRetry retry(Section section)
      throws ConfigurationException {
    Section retry = section.table("rate_limited_retry");
    if (retry == null) {
      return new ArchiveStorage.RateLimitedRetry(false, 0, 0);
    }
    boolean enabled = retry.flag("enabled");
    long delay = retry.integer("min_delay_ms", 0, 0, Long.MAX_VALUE);
    long jitter = retry.integer("jitter_ms", 0, 0, Long.MAX_VALUE);
    retry.end();
    if (enabled && delay == 0) {
      throw retry.refuse("min_delay_ms", "an integer of at least 1, since enabled is set");
    }
    return new ArchiveStorage.RateLimitedRetry(enabled, delay, jitter);
  }

  private static RemoteConnection connection(
      Section section, DangerZone danger, SecretChecks secrets) throws ConfigurationException {
    RemoteConnection connection =
        new RemoteConnection(
            section.required("address", section.string("address"), "an address with a port"),
            psk(section, secrets),
            section.integer("connections", CONNECTIONS, 1, Long.MAX_VALUE),
            section.integer("connect_timeout_ms", CONNECT_MILLIS, 1, Long.MAX_VALUE),
            section.integer("operation_attempt_timeout_ms", ATTEMPT_MILLIS, 1, Long.MAX_VALUE));
    if (connection.psk() == null && !danger.permitsUnencryptedConnection()) {
      throw section.problem(
          "psk",
          "is missing, expected a shared key, or danger_zone.enabled and"
              + " danger_zone.allow_unencrypted_connection");
    }
    return connection;
  }

  private static RemoteConnection.@Nullable Psk psk(Section section, SecretChecks secrets)
      throws ConfigurationException {
    Section psk = section.confidentialTable("psk");
    if (psk == null) {
      return null;
    }
    String identity = psk.required("identity", psk.string("identity"), "the key's identity");
    int least = RemoteConnection.Psk.LEAST_BYTES;
    String secret = secrets.required(psk, "secret", least, Integer.MAX_VALUE);
    psk.end();
    return new RemoteConnection.Psk(identity, secret);
  }
}
