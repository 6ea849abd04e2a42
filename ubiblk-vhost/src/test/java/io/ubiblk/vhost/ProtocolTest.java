package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.testkit.vhost.FrontendRequest;
import io.ubiblk.testkit.vhost.Payloads;
import io.ubiblk.testkit.vhost.ProtocolFeatures;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostUserMessage;
import io.ubiblk.testkit.vhost.VirtioFeatures;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What is said on the socket, and what is answered. */
class ProtocolTest extends ProtocolScene {

  @Test
  void exactlyTheseFeaturesAreOffered() throws IOException {
    long always = 0x170001e46L;
    long ranges = VirtioFeatures.BLK_DISCARD | VirtioFeatures.BLK_WRITE_ZEROES;
    assertEquals(always | ranges, frontend.features());
    assertEquals(0x8209 | ProtocolFeatures.BACKEND_REQ, frontend.protocolFeatures());
    assertEquals(509, frontend.maxMemorySlots());
    assertEquals(1, frontend.queueCount());
  }

  @Test
  void featuresThatWereNotOfferedAreRefused() throws IOException {
    negotiate();
    for (long bit : new long[] {3, 4, 5, 26, 27, 31, 33, 34, 35, 63}) {
      assertRefused(() -> frontend.setFeatures(frontend.features() | 1L << bit));
    }
    for (long bit : new long[] {1, 2, 4, 10, 12, 16, 63}) {
      assertRefused(
          () ->
              frontend.tell(
                  VhostUserMessage.of(
                      FrontendRequest.SET_PROTOCOL_FEATURES,
                      Payloads.number(frontend.protocolFeatures() | 1L << bit))));
    }
  }

  @Test
  void aSecondOwnerIsHarmless() throws IOException {
    negotiate();
    frontend.setOwner();
    frontend.setOwner();
    assertAlive();
  }

  @Test
  void theConfigurationSpaceIsReadFromItsBeginningWhateverTheOffset() throws IOException {
    byte[] whole = frontend.config(0, 60);
    assertEquals(60, whole.length);
    for (int size : new int[] {1, 8, 33, 59, 60, 61, 256, 0xf00}) {
      byte[] expected = Arrays.copyOf(whole, size);
      assertArrayEquals(expected, frontend.config(0, size));
      assertArrayEquals(expected, frontend.config(0x100, size));
    }
  }

  @Test
  void aReadOfTheConfigurationSpaceThatCannotBeGetsAnEmptyAnswer() throws IOException {
    int[][] bad = {{0, 0}, {0, 0x1001}, {0x1000, 1}, {0xfff, 2}, {-1, 1}, {0, -1}, {60, -60}};
    for (int[] range : bad) {
      byte[] content = new byte[Math.clamp(range[1], 0, 0x1000)];
      byte[] payload = Payloads.config(range[0], range[1], 0, content);
      assertEmpty(VhostUserMessage.of(FrontendRequest.GET_CONFIG, payload));
    }
    assertEmpty(VhostUserMessage.of(FrontendRequest.GET_CONFIG, Payloads.config(0, 60, 0)));
    assertEmpty(VhostUserMessage.of(FrontendRequest.GET_CONFIG, new byte[5]));
    assertEmpty(VhostUserMessage.of(FrontendRequest.GET_CONFIG));
    assertAlive();
  }

  private void assertEmpty(VhostUserMessage message) throws IOException {
    assertEquals(0, frontend.ask(message).declaredSize());
    assertEquals(
        0,
        frontend
            .ask(message.withFlags(message.flags() | VhostUserMessage.NEED_REPLY))
            .declaredSize());
  }

  @Test
  void messagesWithAReplyOfTheirOwnAreAnsweredOnce() throws IOException {
    negotiate();
    VhostUserMessage[] messages = {
      VhostUserMessage.of(FrontendRequest.GET_FEATURES),
      VhostUserMessage.of(FrontendRequest.GET_PROTOCOL_FEATURES),
      VhostUserMessage.of(FrontendRequest.GET_QUEUE_NUM),
      VhostUserMessage.of(FrontendRequest.GET_MAX_MEM_SLOTS),
      VhostUserMessage.of(FrontendRequest.GET_VRING_BASE, Payloads.vringState(0, 0)),
      VhostUserMessage.of(FrontendRequest.GET_CONFIG, Payloads.config(0, 60, 0, new byte[60])),
    };
    for (VhostUserMessage message : messages) {
      frontend.ask(message.withFlags(VhostUserMessage.VERSION | VhostUserMessage.NEED_REPLY));
      assertAlive();
    }
  }

  @Test
  void needReplyMeansNothingBeforeItIsNegotiated() throws IOException {
    int flags = VhostUserMessage.VERSION | VhostUserMessage.NEED_REPLY;
    frontend.connection().send(VhostUserMessage.of(FrontendRequest.SET_OWNER).withFlags(flags));
    assertAlive();
    negotiate();
    frontend.connection().send(VhostUserMessage.of(FrontendRequest.SET_OWNER));
    assertAlive();
  }

  @Test
  void theOwnerCanBeReset() throws Exception {
    frontend.close();
    try (VhostBlkClient client = rig.connect()) {
      client.queue(0).flush();
      client.frontend().resetOwner();
      assertEquals(1, client.stop(0));
      client.start(0, 1);
      client.queue(0).flush();
    }
  }
}
