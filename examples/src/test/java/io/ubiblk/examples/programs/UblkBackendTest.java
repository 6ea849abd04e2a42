package io.ubiblk.examples.programs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.config.IoEngine;
import io.ubiblk.config.Tuning;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.examples.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is decided before the driver is needed. */
final class UblkBackendTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void reactorsAreThoseThatUblkNeedsWhateverTheEngine(IoEngine engine) {
    Tuning tuning = new Tuning(2, 64, 65536, 4, 1000, null, engine, false);
    assertEquals(ReactorOptions.Kind.AUTOMATIC, UblkBackend.reactors(tuning).kind());
    assertEquals(2, UblkBackend.reactors(tuning).threads());
  }

  @Test
  void linkDoesNotReplaceTheData() throws IOException {
    assertRefused("disk.raw");
    assertEquals(1 << 20, Files.size(folder.resolve("disk.raw")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"disk.meta", "image.raw"})
  void linkDoesNotReplaceTheOtherFiles(String name) throws IOException {
    assertRefused(name);
  }

  private void assertRefused(String name) throws IOException {
    Path config = folder.resolve("disk.toml");
    Path link = folder.resolve(name);
    Files.write(folder.resolve("disk.raw"), new byte[1 << 20]);
    Files.writeString(
        config,
        """
        [device]
        data_path = "disk.raw"
        metadata_path = "disk.meta"
        [stripe_source]
        type = "raw"
        image_path = "image.raw"
        [danger_zone]
        enabled = true
        allow_unencrypted_disk = true
        """
            .replace("= \"disk.", "= \"" + folder + "/disk.")
            .replace("= \"image.", "= \"" + folder + "/image."));
    Outcome outcome = Outcome.of("ublk-backend", "-f", config + "", "--device-symlink", link + "");
    assertEquals(1, outcome.status(), outcome::errors);
    assertTrue(
        outcome.errors().contains("--device-symlink " + link + " is " + link), outcome.errors());
  }
}
