package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A directory with configuration files, and what loading them says. */
final class Directory {

  /** A device and the permission to have it unencrypted. */
  static final String PLAIN =
      """
      [device]
      data_path = "disk.raw"
      [danger_zone]
      enabled = true
      allow_unencrypted_disk = true
      """;

  /** The same, with the permission for everything and three secrets. */
  static final String OPEN =
      """
      [device]
      data_path = "disk.raw"
      [danger_zone]
      enabled = true
      allow_unencrypted_disk = true
      allow_inline_plaintext_secrets = true
      allow_secret_over_regular_file = true
      allow_unencrypted_connection = true
      allow_env_secrets = true
      [secrets]
      k32.source.inline = "01234567890123456789012345678901"
      k16.source.inline = "0123456789012345"
      k15.source.inline = "012345678901234"
      k0.source.inline = ""
      """;

  final Path path;
  final List<String> warnings = new ArrayList<>();
  final Map<String, String> environment = new HashMap<>();
  final ConfigurationLoader loader = new ConfigurationLoader(environment::get, warnings::add);

  Directory(Path path) {
    this.path = path;
  }

  Path write(String name, String text) throws IOException {
    return write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  Path write(String name, byte[] bytes) throws IOException {
    Path file = path.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  Configuration load(String text) throws IOException {
    return loader.load(write("disk.toml", text));
  }

  /** Loads what must be refused, and checks that the message names all of the words. */
  ConfigurationException refusal(String text, String... words) throws IOException {
    Path file = write("disk.toml", text);
    return refusal(() -> loader.load(file), words);
  }

  interface Loading {
    AutoCloseable load() throws IOException;
  }

  static ConfigurationException refusal(Loading loading, String... words) {
    ConfigurationException e = assertThrows(ConfigurationException.class, loading::load);
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(".toml"), message);
    for (String word : words) {
      assertTrue(message.contains(word), () -> "\"" + word + "\" is not in: " + message);
    }
    return e;
  }
}
