package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.config.toml.Includes;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceSectionTest {

  private static final String UNENCRYPTED =
      "\n[danger_zone]\nenabled = true\nallow_unencrypted_disk = true\n";

  @TempDir Path path;
  private Directory directory;

  @BeforeEach
  void open() {
    directory = new Directory(path);
  }

  @Test
  void onlyTheDataPathIsRequired() throws IOException {
    try (Configuration configuration = directory.load(Directory.PLAIN)) {
      DeviceSection device = configuration.device();
      assertEquals(path.resolve("disk.raw"), device.dataPath());
      assertNull(device.metadataPath());
      assertNull(device.vhostSocket());
      assertNull(device.rpcSocket());
      assertEquals("ubiblk", device.deviceId());
      assertFalse(device.trackWritten());
      assertNull(configuration.encryption());
      assertNull(configuration.stripeSource());
      assertEquals(Tuning.DEFAULT, configuration.tuning());
    }
    assertEquals(0, directory.warnings.size());
  }

  @Test
  void everyFieldCanBeSet() throws IOException {
    String text =
        """
        device.data_path = "d/disk.raw"
        device.metadata_path = "/m/metadata"
        device.vhost_socket = "./v"
        device.rpc_socket = "../r"
        device.device_id = "a name of more than twenty characters, ü"
        device.track_written = true
        """;
    try (Configuration configuration = directory.load(text + UNENCRYPTED)) {
      assertEquals(
          new DeviceSection(
              path.resolve("d/disk.raw"),
              Path.of("/m/metadata"),
              path.resolve("./v"),
              path.resolve("../r"),
              "a name of more than twenty characters, ü",
              true),
          configuration.device());
    }
  }

  @Test
  void aBareFileNameCountsFromTheWorkingDirectory() {
    assertEquals(Path.of("disk.raw"), Includes.directory(Path.of("disk.toml")).resolve("disk.raw"));
  }

  @Test
  void theSectionIsRequired() throws IOException {
    directory.refusal(UNENCRYPTED, "disk.toml", "device is missing", "expected");
    directory.refusal("device = 1" + UNENCRYPTED, "line 1", "device = 1", "expected a table");
  }

  @Test
  void theDataPathIsRequired() throws IOException {
    directory.refusal(
        "[device]\ndevice_id = \"x\"" + UNENCRYPTED, "device.data_path is missing", "expected");
  }

  @ParameterizedTest
  @ValueSource(strings = {"data_path", "metadata_path", "vhost_socket", "rpc_socket"})
  void pathsAreStringsThatArePaths(String key) throws IOException {
    String rest = key.equals("data_path") ? "" : "data_path = \"disk.raw\"\n";
    for (String bad : new String[] {"1", "true", "[\"a\"]", "1.5", "{}", "2020-01-01"}) {
      directory.refusal(
          "[device]\n" + rest + key + " = " + bad + UNENCRYPTED,
          "device." + key,
          "expected a string");
    }
    for (String bad : new String[] {"\"\"", "\"a\\u0000b\""}) {
      directory.refusal(
          "[device]\n" + rest + key + " = " + bad + UNENCRYPTED,
          "device." + key + " = ",
          "expected a path");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "device_id, 7, = 7, a string",
    "track_written, 1, = 1, true or false",
    "track_written, '\"true\"', = \"true\", true or false"
  })
  void otherFieldsHaveTheirTypes(String key, String value, String shown, String expected)
      throws IOException {
    ConfigurationException e =
        directory.refusal(
            "[device]\ndata_path = \"d\"\n" + key + " = " + value + UNENCRYPTED,
            "line 3",
            "device." + key,
            shown,
            "expected " + expected);
    assertEquals(3, e.line());
    assertEquals("device." + key, e.key());
    assertEquals(path.resolve("disk.toml"), e.file());
  }

  @Test
  void unknownKeysAreRefusedAndTheKnownOnesNamed() throws IOException {
    ConfigurationException e =
        directory.refusal(
            "[device]\ndata_path = \"d\"\ndatapath = \"x\"" + UNENCRYPTED,
            "line 3",
            "device.datapath is an unknown key",
            "expected one of");
    assertTrue(String.valueOf(e.getMessage()).contains("metadata_path"));
  }

  @Test
  void unknownSectionsAreRefused() throws IOException {
    directory.refusal(Directory.PLAIN + "[devices]\n", "devices is an unknown section", "tuning");
    directory.refusal("\"a\\u001b\" = 1\n" + Directory.PLAIN, "\"a\\u001b\"", "unknown");
    directory.refusal(Directory.PLAIN + "[target]\n", "target is an unknown section");
  }
}
