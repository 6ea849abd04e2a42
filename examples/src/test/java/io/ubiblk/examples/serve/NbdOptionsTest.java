package io.ubiblk.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.UsageException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options of the frontends that have no guest behind a vhost socket. */
final class NbdOptionsTest {

  @TempDir private Path folder;

  @Test
  void someSocketIsNeeded() {
    assertEquals(
        "neither --socket nor --port is given, expected at least one",
        misuse(new NbdRunner(), "--file=null:1G"));
  }

  @Test
  void addressNeedsAPort() {
    assertTrue(
        misuse(new NbdRunner(), "--file=null:1G", "--socket=s", "--address=localhost")
            .startsWith("option --address is given without --port"));
  }

  @Test
  void tlsOptionsNeedCertificates() {
    for (String option : new String[] {"--tls-offered", "--tls-verify"}) {
      assertTrue(
          misuse(new NbdRunner(), "--file=null:1G", "--socket=s", option)
              .startsWith("option " + option + " is given without --tls-certs"));
    }
  }

  @Test
  void disksAreDescribedAsForVhost() {
    assertEquals(
        "option --image is given without --metadata, expected --metadata FILE beside it",
        misuse(new NbdRunner(), "--file=d", "--socket=s", "--image=i"));
    assertEquals(
        "option --image is given without --metadata, expected --metadata FILE beside it",
        misuse(new UblkRunner(), "--file=d", "--image=i"));
  }

  @Test
  void socketPathsThatAreTooLongAreMisuse() {
    Path socket = folder.resolve("s".repeat(110));
    String message = misuse(new NbdRunner(), "--file=null:1G", "--socket=" + socket);
    assertTrue(message.startsWith("option --socket: socket path " + socket), message);
  }

  @Test
  void portsAreNumbers() {
    assertEquals(
        "option --port has the value '65536', expected a number from 0 to 65535",
        misuse(new NbdRunner(), "--file=null:1G", "--port=65536"));
  }

  @Test
  void namesOfExportsThatCannotBeSentAreMisuseBeforeAnythingIsCreated() {
    Path disk = folder.resolve("disk");
    String name = "n".repeat(4097);
    String message =
        misuse(new NbdRunner(), "--file=" + disk, "--size=1M", "--socket=s", "--export=" + name);
    assertTrue(message.startsWith("option --export: export name n"), message);
    assertFalse(Files.exists(disk));
  }

  @Test
  void ublkIsServedOnRingsOnly() {
    assertTrue(misuse(new UblkRunner(), "--file=null:1G", "--reactor=epoll").contains("--reactor"));
  }

  @Test
  void linkDoesNotReplaceTheDisk() {
    Path disk = folder.resolve("disk");
    for (String taken : new String[] {"disk", "image", "metadata"}) {
      String message =
          misuse(
              new UblkRunner(),
              "--file=" + disk,
              "--image=" + folder.resolve("image"),
              "--metadata=" + folder.resolve("metadata"),
              "--device-symlink=" + folder.resolve(taken));
      assertTrue(message.startsWith("option --device-symlink has the value"), message);
    }
    assertFalse(Files.exists(disk));
  }

  @Test
  void recoveryNeedsANumber() {
    assertTrue(
        misuse(new UblkRunner(), "--file=null:1G", "--recover")
            .startsWith("option --recover is given without --id"));
  }

  /** Ends at once where the options are in order. */
  private static String misuse(Runner runner, String... args) {
    Termination termination = new Termination();
    termination.request();
    UsageException refusal =
        assertThrows(
            UsageException.class, () -> runner.run(runner.commandLine().parse(args), termination));
    return String.valueOf(refusal.getMessage());
  }
}
