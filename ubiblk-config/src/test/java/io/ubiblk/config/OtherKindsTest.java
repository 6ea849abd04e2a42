package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OtherKindsTest {

  private static final String SECRETS =
      """
      [danger_zone]
      enabled = true
      allow_inline_plaintext_secrets = true
      [secrets]
      k32.source.inline = "01234567890123456789012345678901"
      k16.source.inline = "0123456789012345"
      """;

  @TempDir Path path;
  private Directory directory;

  private static final String OPEN =
      "[danger_zone]\nenabled = true\nallow_unencrypted_connection = true\n";

  @BeforeEach
  void open() {
    directory = new Directory(path);
  }

  private Path write(String text) throws IOException {
    return directory.write("x.toml", text);
  }

  @Test
  void theTargetOfAnArchiveCountsFromItsFile() throws IOException {
    Path file = write("[target]\nstorage = \"filesystem\"\npath = \"a\"\nautofetch = true\n");
    try (ArchiveTarget target = directory.loader.loadArchiveTarget(file)) {
      assertEquals(new ArchiveStorage.Filesystem(path.resolve("a"), null), target.target());
    }
  }

  @Test
  void anArchiveToExportMayBeWrapped() throws IOException {
    Path file =
        write(
            "[archive]\nstorage = \"filesystem\"\npath = \"a\"\narchive_kek.ref = \"k32\"\n"
                + SECRETS);
    try (ArchiveExport export = directory.loader.loadArchiveExport(file)) {
      assertEquals(new ArchiveStorage.Filesystem(path.resolve("a"), "k32"), export.archive());
      assertEquals(32, export.secrets().get("k32").length());
    }
  }

  @Test
  void aServerHasAKeyOrPermission() throws IOException {
    Path file =
        write(
            "[server]\naddress = \"0.0.0.0:1\"\npsk = {identity = \"i\", secret.ref = \"k16\"}\n"
                + SECRETS);
    try (RemoteEndpoint endpoint = directory.loader.loadRemoteEndpoint(file)) {
      assertEquals(
          new RemoteConnection("0.0.0.0:1", new RemoteConnection.Psk("i", "k16"), 16, 5000, 20000),
          endpoint.server());
    }
    Path plain = write("[server]\naddress = \"0.0.0.0:1\"\n");
    Directory.refusal(
        () -> directory.loader.loadRemoteEndpoint(plain), "server.psk is missing", "expected");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "address = 1 | server.address = 1 | a string",
        "connections = 0 | server.connections = 0 | at least 1",
        "connect_timeout_ms = 0 | server.connect_timeout_ms = 0 | at least 1",
        "operation_attempt_timeout_ms = 0 | server.operation_attempt_timeout_ms = 0 | at least 1",
        "autofetch = 1 | server.autofetch = 1 | true or false",
        "psk = {identity = 'i', secret.ref = 'k'} | server.psk.secret | \"k\"",
        "type = 'remote' | server.type is an unknown key | one of"
      })
  void badFieldsOfAServerAreRefused(String line, String found, String expected) throws IOException {
    String address = line.startsWith("address") ? "" : "address = \"0.0.0.0:1\"\n";
    Path file = write("[server]\n" + address + line + "\n" + OPEN);
    Directory.refusal(() -> directory.loader.loadRemoteEndpoint(file), found, "expected", expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"target", "archive"})
  void badFieldsOfAnArchiveAreRefused(String section) throws IOException {
    for (String line :
        List.of("path = 1", "storage = \"ftp\"", "autofetch = 1", "archive_kek = 1", "x = 1")) {
      String key = line.split(" ", 2)[0];
      String rest =
          (key.equals("path") ? "" : "path = \"a\"\n")
              + (key.equals("storage") ? "" : "storage = \"filesystem\"\n");
      Path file = write("[" + section + "]\n" + rest + line + "\n");
      Directory.refusal(
          () ->
              section.equals("target")
                  ? directory.loader.loadArchiveTarget(file)
                  : directory.loader.loadArchiveExport(file),
          section + "." + key,
          "expected");
    }
  }

  @Test
  void sectionsOfOtherKindsAreRefused() throws IOException {
    String target = "[target]\nstorage = \"filesystem\"\npath = \"a\"\n";
    Path withDevice = write(target + "[device]\ndata_path = \"d\"\n");
    Directory.refusal(
        () -> directory.loader.loadArchiveTarget(withDevice), "device is an unknown section");
    Path onlyTarget = directory.write("y.toml", target);
    Directory.refusal(
        () -> directory.loader.loadArchiveExport(onlyTarget), "target is an unknown section");
    Directory.refusal(
        () -> directory.loader.loadRemoteEndpoint(onlyTarget), "target is an unknown section");
    Directory.refusal(() -> directory.loader.load(onlyTarget), "target is an unknown section");
  }

  @Test
  void theirSectionIsRequiredAndHasNoType() throws IOException {
    Path empty = write("");
    Directory.refusal(
        () -> directory.loader.loadArchiveTarget(empty), "target is missing", "expected");
    Directory.refusal(
        () -> directory.loader.loadArchiveExport(empty), "archive is missing", "expected");
    Directory.refusal(
        () -> directory.loader.loadRemoteEndpoint(empty), "server is missing", "expected");
    Path typed =
        directory.write(
            "z.toml", "[target]\ntype = \"archive\"\nstorage = \"filesystem\"\npath = \"a\"\n");
    Directory.refusal(
        () -> directory.loader.loadArchiveTarget(typed), "target.type is an unknown key");
  }
}
