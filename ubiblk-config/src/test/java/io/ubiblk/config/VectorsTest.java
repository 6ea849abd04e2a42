package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.json.JsonParser;
import io.ubiblk.core.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What ubiblk accepted and refused; see the PROVENANCE.md beside the files. */
class VectorsTest {

  private static final Path ROOT = Path.of("src/test/resources/vectors/configs");

  /** Whose file is good and whose refusal is the program's: options, files, metadata. */
  private static final Set<String> BY_PROGRAMS =
      Set.of(
          "archive-compression-snappy",
          "archive-no-metadata",
          "archive-zstd-level-0",
          "archive-zstd-level-23",
          "data-missing",
          "export-no-archive",
          "init-data-not-multiple",
          "init-metadata-directory",
          "init-metadata-symlink",
          "init-no-config",
          "init-no-metadata-path",
          "init-shift-17",
          "init-shift-5",
          "init-shift-text",
          "no-metadata-path",
          "server-legacy-kek-without-legacy",
          "server-unfetched-no-source",
          "shell-host-name",
          "vhost-no-socket");

  private static List<JsonValue> cases(String file) throws IOException {
    return JsonParser.parse(Files.readString(ROOT.resolve(file))).asList();
  }

  private static ConfigurationLoader loader(JsonValue vector) throws IOException {
    Map<String, String> environment = new HashMap<>();
    JsonValue given = vector.asMap().get("environment");
    if (given != null) {
      for (Map.Entry<String, JsonValue> entry : given.asMap().entrySet()) {
        environment.put(entry.getKey(), entry.getValue().asString());
      }
    }
    return new ConfigurationLoader(environment::get, warning -> {});
  }

  @TestFactory
  Stream<DynamicTest> acceptedOnesAreAcceptedAndTheirKeyIsRight() throws IOException {
    return cases("accepted.json").stream()
        .map(vector -> DynamicTest.dynamicTest(name(vector), () -> accept(vector)));
  }

  private static void accept(JsonValue vector) throws IOException {
    String name = name(vector);
    Path file = ROOT.resolve("accepted").resolve(name).resolve("config.toml");
    if (name.equals("queue-size-65536")) {
      // ubiblk takes it and cannot use it.
      Directory.refusal(() -> loader(vector).load(file), "tuning.queue_size = 65536", "32768");
      return;
    }
    try (Configuration configuration = loader(vector).load(file)) {
      EncryptionSection encryption = configuration.encryption();
      JsonValue key = vector.member("xts_key");
      if (key.equals(JsonValue.Literal.NULL)) {
        assertNull(encryption);
      } else {
        assertNotNull(encryption);
        byte[] bytes = configuration.secrets().get(encryption.xtsKey()).toBytes();
        assertEquals(key.asString(), HexFormat.of().formatHex(bytes));
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> refusedOnesAreRefused() throws IOException {
    return cases("refused.json").stream()
        .filter(vector -> !BY_PROGRAMS.contains(name(vector)))
        .map(vector -> DynamicTest.dynamicTest(name(vector), () -> refuse(vector)));
  }

  private static void refuse(JsonValue vector) throws IOException {
    ConfigurationException e = Directory.refusal(() -> loadAll(vector));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains("expected") || message.contains("not TOML"), message);
  }

  /** Loads every file that the program would have loaded; the caller's part is to close them. */
  private static AutoCloseable loadAll(JsonValue vector) throws IOException {
    Path directory = ROOT.resolve("refused").resolve(name(vector));
    ConfigurationLoader loader = loader(vector);
    List<AutoCloseable> loaded = new ArrayList<>();
    if (arguments(vector).contains("config.toml") || arguments(vector).contains("./config.toml")) {
      loaded.add(loader.load(directory.resolve("config.toml")));
    }
    if (Files.exists(directory.resolve("t.toml"))) {
      loaded.add(loader.loadArchiveTarget(directory.resolve("t.toml")));
    }
    if (Files.exists(directory.resolve("e.toml"))) {
      loaded.add(loader.loadArchiveExport(directory.resolve("e.toml")));
    }
    if (Files.exists(directory.resolve("s.toml"))) {
      loaded.add(loader.loadRemoteEndpoint(directory.resolve("s.toml")));
    }
    return () -> {
      for (AutoCloseable closeable : loaded) {
        closeable.close();
      }
    };
  }

  @TestFactory
  Stream<DynamicTest> whatProgramsRefuseIsAGoodFile() throws IOException {
    return cases("refused.json").stream()
        .filter(vector -> BY_PROGRAMS.contains(name(vector)))
        .map(vector -> DynamicTest.dynamicTest(name(vector), () -> loadAll(vector).close()));
  }

  @Test
  void everyCaseIsThere() throws IOException {
    assertEquals(28, cases("accepted.json").size());
    assertEquals(126, cases("refused.json").size());
  }

  private static String name(JsonValue vector) {
    try {
      return vector.member("name").asString();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> arguments(JsonValue vector) throws IOException {
    List<String> arguments = new ArrayList<>();
    for (JsonValue argument : vector.member("args").asList()) {
      arguments.add(argument.asString());
    }
    return arguments;
  }
}
