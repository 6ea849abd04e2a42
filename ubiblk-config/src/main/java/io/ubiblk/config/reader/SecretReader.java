package io.ubiblk.config.reader;

import io.ubiblk.config.ConfigurationException;
import io.ubiblk.config.DangerZone;
import io.ubiblk.config.secret.SecretDescription;
import io.ubiblk.config.secret.SecretSource;
import io.ubiblk.config.toml.Section;
import io.ubiblk.crypto.Secret;
import io.ubiblk.crypto.SecretEncoding;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads one secret: its description, and its bytes as they are where it comes from. The values of
 * the section are never shown.
 */
final class SecretReader {

  private static final Map<String, SecretEncoding> ENCODINGS = new LinkedHashMap<>();

  static {
    for (SecretEncoding encoding : SecretEncoding.values()) {
      ENCODINGS.put(encoding.label(), encoding);
    }
  }

  private final DangerZone danger;
  private final Function<String, @Nullable String> environment;

  SecretReader(DangerZone danger, Function<String, @Nullable String> environment) {
    this.danger = danger;
    this.environment = environment;
  }

  SecretDescription describe(String name, Section section) throws ConfigurationException {
    String kinds = "a table with one of file, inline, env";
    Section source = section.required("source", section.table("source"), kinds);
    SecretEncoding encoding = section.choice("encoding", ENCODINGS);
    String encryptedBy = section.reference("encrypted_by");
    section.end();
    Path file = source.path("file");
    String inline = source.string("inline");
    String variable = source.string("env");
    source.end();
    if (source.keys().size() != 1) {
      throw section.problem("source", "has " + source.keys().size() + " keys, expected " + kinds);
    }
    return new SecretDescription(
        name,
        source(file, inline, variable),
        Objects.requireNonNullElse(encoding, SecretEncoding.PLAINTEXT),
        encryptedBy);
  }

  private static SecretSource source(
      @Nullable Path file, @Nullable String inline, @Nullable String variable) {
    if (file != null) {
      return new SecretSource.FromFile(file);
    }
    return inline == null
        ? new SecretSource.FromEnvironment(Objects.requireNonNull(variable))
        : new SecretSource.Inline(Secret.takeFrom(inline.getBytes(StandardCharsets.UTF_8)));
  }

  /** Reads the bytes. What is not permitted is not read. */
  byte[] read(SecretDescription secret, Section section) throws ConfigurationException {
    return switch (secret.source()) {
      case SecretSource.FromFile(Path path) -> readFile(path, section);
      case SecretSource.Inline(Secret text) -> {
        permit(
            section,
            secret.encryptedBy() != null || danger.permitsInlinePlaintextSecrets(),
            "is inline and not wrapped",
            "allow_inline_plaintext_secrets");
        byte[] raw = text.toBytes();
        text.close();
        yield raw;
      }
      case SecretSource.FromEnvironment(String variable) -> readVariable(variable, section);
    };
  }

  private byte[] readFile(Path path, Section section) throws ConfigurationException {
    permit(
        section,
        !Files.isRegularFile(path) || danger.permitsSecretOverRegularFile(),
        "is in the regular file " + path,
        "allow_secret_over_regular_file");
    try (InputStream in = new FileInputStream(path.toFile())) {
      return in.readNBytes(SecretEncoding.MOST_ENCODED_BYTES);
    } catch (IOException e) {
      throw section.problem(
          "source", "cannot be read, expected a readable file: " + e.getMessage());
    }
  }

  private byte[] readVariable(String variable, Section section) throws ConfigurationException {
    permit(section, danger.permitsEnvSecrets(), "is in the environment", "allow_env_secrets");
    String value = environment.apply(variable);
    if (value == null) {
      throw section.problem(
          "source", "is missing from the environment, expected the variable " + shown(variable));
    }
    if (value.indexOf('\uFFFD') >= 0) {
      throw section.problem(
          "source", "is no UTF-8 text in the environment variable " + shown(variable));
    }
    return value.getBytes(StandardCharsets.UTF_8);
  }

  /** Names a variable, unless it looks as if the secret itself had been put there. */
  private static String shown(String variable) {
    return variable.matches("[A-Z_][A-Z0-9_]{0,63}") ? variable : "that source.env names";
  }

  private static void permit(Section section, boolean permitted, String what, String flag)
      throws ConfigurationException {
    if (!permitted) {
      throw section.problem(
          "source", what + ", expected danger_zone.enabled and danger_zone." + flag);
    }
  }
}
