package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.vhost.VhostUserException;
import io.ubiblk.testkit.vhost.VhostUserFrontend;
import io.ubiblk.testkit.vhost.VhostUserMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A frontend that has connected and said nothing yet, and what is expected of its session. */
abstract class ProtocolScene {

  static final Duration LONG = Duration.ofSeconds(10);
  static final Duration SHORT = Duration.ofMillis(3);

  @TempDir Path folder;
  Rig rig;
  VhostUserFrontend frontend;

  @BeforeEach
  void start() throws IOException {
    rig = new Rig(folder, Rig.memory());
    frontend = rig.frontend();
  }

  @AfterEach
  void stop() throws IOException {
    frontend.close();
    rig.close();
  }

  /** Takes every feature that is offered. */
  final void negotiate() throws IOException {
    frontend.setFeatures(frontend.features());
    frontend.setProtocolFeatures(frontend.protocolFeatures());
    frontend.setOwner();
  }

  final void assertRefused(Executable message) throws IOException {
    assertThrows(VhostUserException.Refused.class, message);
    assertAlive();
  }

  /** The session goes on, and nothing waits in the socket that nobody has asked for. */
  final void assertAlive() throws IOException {
    assertThrows(VhostUserException.TimedOut.class, () -> frontend.connection().receive(SHORT));
    assertEquals(1, frontend.queueCount());
  }

  final void assertDisconnected(VhostUserMessage message) throws Exception {
    try (VhostUserFrontend other = rig.frontend()) {
      other.setProtocolFeatures(other.protocolFeatures());
      other.connection().send(message);
      assertTrue(other.connection().awaitClosed(LONG), message.toString());
    }
    rig.assertServes();
  }
}
