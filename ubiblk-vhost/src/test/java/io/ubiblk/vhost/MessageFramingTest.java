package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.vhost.FrontendRequest;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.MemoryRegion;
import io.ubiblk.testkit.vhost.Notifier;
import io.ubiblk.testkit.vhost.Payloads;
import io.ubiblk.testkit.vhost.VhostUserFrontend;
import io.ubiblk.testkit.vhost.VhostUserMessage;
import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Messages and descriptors as they come from the socket: in pieces, together, cut off, malformed.
 */
class MessageFramingTest extends ProtocolScene {

  @Test
  void unknownMessagesAreRefused() throws IOException {
    negotiate();
    for (int request : new int[] {0, 6, 7, 19, 20, 22, 23, 26, 34, 35, 39, 41, 999, -1}) {
      assertRefused(() -> frontend.tell(VhostUserMessage.of(request)));
      assertRefused(() -> frontend.tell(VhostUserMessage.of(request, new byte[100])));
    }
  }

  @Test
  void payloadsOfTheWrongSizeAreRefused() throws IOException {
    negotiate();
    for (FrontendRequest request :
        List.of(
            FrontendRequest.SET_FEATURES,
            FrontendRequest.SET_OWNER,
            FrontendRequest.RESET_OWNER,
            FrontendRequest.SET_MEM_TABLE,
            FrontendRequest.SET_VRING_NUM,
            FrontendRequest.SET_VRING_ADDR,
            FrontendRequest.SET_VRING_KICK,
            FrontendRequest.SET_VRING_ENABLE,
            FrontendRequest.SET_BACKEND_REQ_FD,
            FrontendRequest.ADD_MEM_REG,
            FrontendRequest.REM_MEM_REG,
            FrontendRequest.SET_CONFIG)) {
      for (int size : new int[] {1, 7, 9, 39, 41, 4096}) {
        assertRefused(() -> frontend.tell(VhostUserMessage.of(request, new byte[size])));
      }
    }
  }

  @Test
  void aRefusalWithoutAReplyDisconnects() throws Exception {
    frontend.close();
    assertDisconnected(
        VhostUserMessage.of(FrontendRequest.SET_VRING_NUM, Payloads.vringState(0, 3)));
    assertDisconnected(VhostUserMessage.of(999));
    assertDisconnected(VhostUserMessage.of(FrontendRequest.SET_FEATURES, new byte[3]));
    assertDisconnected(
        VhostUserMessage.of(FrontendRequest.GET_VRING_BASE, Payloads.vringState(9, 0)));
    assertDisconnected(VhostUserMessage.of(FrontendRequest.GET_FEATURES, new byte[3]));
  }

  @Test
  void headersThatAreNoneDisconnect() throws Exception {
    frontend.close();
    VhostUserMessage message = VhostUserMessage.of(FrontendRequest.GET_FEATURES);
    for (int flags : new int[] {0, 2, 3, 5, 0x0d}) {
      assertDisconnected(message.withFlags(flags));
    }
    for (int size : new int[] {-1, Integer.MIN_VALUE, 0x10000, 5000}) {
      assertDisconnected(message.withDeclaredSize(size));
    }
  }

  @Test
  void aMessageThatIsCutOffEndsTheSession() throws Exception {
    frontend.close();
    byte[] bytes = VhostUserMessage.of(FrontendRequest.SET_FEATURES, Payloads.number(0)).bytes();
    for (int length = 1; length < bytes.length; length++) {
      try (VhostUserFrontend other = rig.frontend()) {
        other.connection().sendBytes(Arrays.copyOf(bytes, length));
      }
    }
    rig.assertServes();
  }

  @Test
  void messagesMayComeInPieces() throws Exception {
    byte[] bytes = VhostUserMessage.of(FrontendRequest.GET_FEATURES).bytes();
    for (byte b : bytes) {
      frontend.connection().sendBytes(new byte[] {b});
      Thread.sleep(1);
    }
    assertEquals(8, frontend.connection().receive().declaredSize());
  }

  @Test
  void messagesMayComeTogether() throws IOException {
    byte[] one = VhostUserMessage.of(FrontendRequest.GET_FEATURES).bytes();
    byte[] many = new byte[one.length * 1000];
    for (int i = 0; i < 1000; i++) {
      System.arraycopy(one, 0, many, i * one.length, one.length);
    }
    frontend.connection().sendBytes(many);
    for (int i = 0; i < 1000; i++) {
      assertEquals(1, frontend.connection().receive().request());
    }
    assertAlive();
  }

  @Test
  void descriptorsBelongToTheMessageThatTheyCameWith() throws IOException {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20);
        Notifier notifier = Notifier.eventfd()) {
      frontend.setAcknowledge(false);
      for (int i = 0; i < 50; i++) {
        frontend.setMemory(memory);
        frontend.ring(0).setCall(notifier);
        frontend.ring(0).setError(notifier);
      }
      assertAlive();
    }
  }

  @Test
  void tooManyDescriptorsAreClosedAndTheMessageIsRefused() throws Exception {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20);
        Notifier notifier = Notifier.eventfd()) {
      var before = Processes.descriptors();
      for (int count : new int[] {2, 8, 64, 65, 253}) {
        List<FileDescriptor> all = Collections.nCopies(count, notifier.peerEnd());
        assertRefused(
            () ->
                frontend.tell(
                    VhostUserMessage.of(FrontendRequest.SET_VRING_CALL, Payloads.number(0))
                        .withDescriptors(all)));
        assertRefused(
            () ->
                frontend.tell(
                    VhostUserMessage.of(
                            FrontendRequest.SET_VRING_CALL, Payloads.number(Payloads.NO_DESCRIPTOR))
                        .withDescriptors(all)));
        frontend.ask(VhostUserMessage.of(FrontendRequest.GET_FEATURES).withDescriptors(all));
        List<FileDescriptor> files = new ArrayList<>(all);
        files.set(0, memory.regions().getFirst().descriptor());
        assertRefused(
            () ->
                frontend.tell(
                    VhostUserMessage.of(
                            FrontendRequest.SET_MEM_TABLE,
                            Payloads.memoryTable(
                                List.of(memory.regions().getFirst().description())))
                        .withDescriptors(files)));
        assertEquals(before, Processes.descriptors(), count + " descriptors");
      }
    }
  }

  @Test
  void tooFewDescriptorsAreRefused() throws Exception {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      memory.addRegion(1L << 32, 4096);
      var before = Processes.descriptors();
      List<MemoryRegion> both = memory.regions().stream().map(GuestRegion::description).toList();
      assertRefused(
          () ->
              frontend.tell(
                  VhostUserMessage.of(FrontendRequest.SET_MEM_TABLE, Payloads.memoryTable(both))
                      .withDescriptors(memory.regions().getFirst().descriptor())));
      for (FrontendRequest request :
          List.of(
              FrontendRequest.SET_VRING_KICK,
              FrontendRequest.SET_VRING_CALL,
              FrontendRequest.SET_VRING_ERR)) {
        assertRefused(() -> frontend.tell(VhostUserMessage.of(request, Payloads.number(0))));
      }
      assertRefused(
          () ->
              frontend.tell(
                  VhostUserMessage.of(
                      FrontendRequest.ADD_MEM_REG, Payloads.memoryRegion(both.getFirst()))));
      assertRefused(() -> frontend.tell(VhostUserMessage.of(FrontendRequest.SET_BACKEND_REQ_FD)));
      assertEquals(before, Processes.descriptors());
    }
  }

  @Test
  void descriptorsThatCannotBeWaitedForOrWrittenToAreRefused() throws Exception {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      var before = Processes.descriptors();
      for (FrontendRequest request :
          List.of(
              FrontendRequest.SET_VRING_KICK,
              FrontendRequest.SET_VRING_CALL,
              FrontendRequest.SET_VRING_ERR)) {
        assertRefused(
            () ->
                frontend.tell(
                    VhostUserMessage.of(request, Payloads.number(0))
                        .withDescriptors(memory.regions().getFirst().descriptor())));
      }
      assertRefused(
          () ->
              frontend.tell(
                  VhostUserMessage.of(FrontendRequest.SET_BACKEND_REQ_FD)
                      .withDescriptors(memory.regions().getFirst().descriptor())));
      assertEquals(before, Processes.descriptors());
    }
  }

  @Test
  void aFrontendThatDoesNotReadItsRepliesIsDisconnected() throws Exception {
    byte[] one = VhostUserMessage.of(FrontendRequest.GET_FEATURES).bytes();
    byte[] many = new byte[one.length * 500];
    for (int i = 0; i < 500; i++) {
      System.arraycopy(one, 0, many, i * one.length, one.length);
    }
    Thread writer =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    while (true) {
                      frontend.connection().sendBytes(many);
                    }
                  } catch (IOException disconnected) {
                    // As it should be.
                  }
                });
    Thread.sleep(500);
    assertFalse(writer.join(Duration.ofMillis(100)));
    assertTrue(writer.join(Duration.ofSeconds(20)));
    frontend.close();
    rig.assertServes();
  }
}
