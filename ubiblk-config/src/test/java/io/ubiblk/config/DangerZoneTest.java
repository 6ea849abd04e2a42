package io.ubiblk.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DangerZoneTest {

  @TempDir Path path;
  private Directory directory;

  @BeforeEach
  void open() {
    directory = new Directory(path);
  }

  @Test
  void everyPermissionCanBeSet() throws IOException {
    try (Configuration configuration = directory.load(Directory.OPEN)) {
      DangerZone zone = configuration.dangerZone();
      assertEquals(new DangerZone(true, true, true, true, true, true), zone);
      assertTrue(zone.permitsUnencryptedDisk());
      assertTrue(zone.permitsInlinePlaintextSecrets());
      assertTrue(zone.permitsSecretOverRegularFile());
      assertTrue(zone.permitsUnencryptedConnection());
      assertTrue(zone.permitsEnvSecrets());
    }
  }

  @Test
  void nothingIsPermittedWithoutEnabled() {
    DangerZone zone = new DangerZone(false, true, true, true, true, true);
    assertFalse(zone.permitsUnencryptedDisk());
    assertFalse(zone.permitsInlinePlaintextSecrets());
    assertFalse(zone.permitsSecretOverRegularFile());
    assertFalse(zone.permitsUnencryptedConnection());
    assertFalse(zone.permitsEnvSecrets());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "enabled",
        "allow_unencrypted_disk",
        "allow_inline_plaintext_secrets",
        "allow_secret_over_regular_file",
        "allow_unencrypted_connection",
        "allow_env_secrets"
      })
  void permissionsAreBooleans(String key) throws IOException {
    directory.refusal(
        "[danger_zone]\n" + key + " = 1\n",
        "line 2",
        "danger_zone." + key + " = 1",
        "expected true or false");
  }

  @Test
  void unknownPermissionsAreRefused() throws IOException {
    directory.refusal(
        "danger_zone.allow_all = true\n", "danger_zone.allow_all is an unknown key", "expected");
  }

  @Test
  void theUnencryptedDiskNeedsBothFlags() throws IOException {
    String device = "device.data_path = \"d\"\n";
    directory.refusal(device, "encryption is missing", "danger_zone.allow_unencrypted_disk");
    directory.refusal(device + "danger_zone.enabled = true", "encryption is missing");
    directory.refusal(
        device + "danger_zone.allow_unencrypted_disk = true", "encryption is missing");
  }

  @Test
  void flagsWithoutEnabledAreWarnedAbout() throws IOException {
    directory.refusal(
        "[danger_zone]\nallow_env_secrets = true\nallow_unencrypted_disk = true\n", "device");
    assertEquals(1, directory.warnings.size());
    assertTrue(directory.warnings.getFirst().contains("allow_unencrypted_disk"));
    assertTrue(directory.warnings.getFirst().contains("allow_env_secrets"));
  }

  @Test
  void aFileThatOthersMayReadIsWarnedAbout() throws IOException {
    Path file = directory.write("disk.toml", Directory.PLAIN);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw----r--"));
    directory.loader.load(file).close();
    assertEquals(1, directory.warnings.size());
    assertTrue(directory.warnings.getFirst().contains("disk.toml"));
  }
}
