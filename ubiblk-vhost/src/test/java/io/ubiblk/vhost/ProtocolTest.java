package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.vhost.FrontendRequest;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.MemoryRegion;
import io.ubiblk.testkit.vhost.Notifier;
import io.ubiblk.testkit.vhost.Payloads;
import io.ubiblk.testkit.vhost.ProtocolFeatures;
import io.ubiblk.testkit.vhost.RingLayout;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostUserException;
import io.ubiblk.testkit.vhost.VhostUserFrontend;
import io.ubiblk.testkit.vhost.VhostUserMessage;
import io.ubiblk.testkit.vhost.VirtioFeatures;
import io.ubiblk.testkit.vhost.VringControl;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What is said on the socket, and what is answered. */
class ProtocolTest {

  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(3);

  @TempDir Path folder;
  private Rig rig;
  private VhostUserFrontend frontend;

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
  private void negotiate() throws IOException {
    frontend.setFeatures(frontend.features());
    frontend.setProtocolFeatures(frontend.protocolFeatures());
    frontend.setOwner();
  }

  private void assertRefused(Executable message) throws IOException {
    assertThrows(VhostUserException.Refused.class, message);
    assertAlive();
  }

  /** The session goes on, and nothing waits in the socket that nobody has asked for. */
  private void assertAlive() throws IOException {
    assertThrows(VhostUserException.TimedOut.class, () -> frontend.connection().receive(SHORT));
    assertEquals(1, frontend.queueCount());
  }

  private void assertDisconnected(VhostUserMessage message) throws Exception {
    try (VhostUserFrontend other = rig.frontend()) {
      other.setProtocolFeatures(other.protocolFeatures());
      other.connection().send(message);
      assertTrue(other.connection().awaitClosed(LONG), message.toString());
    }
    rig.assertServes();
  }

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
  void aRingSizeThatCannotBeIsRefused() throws IOException {
    negotiate();
    VringControl ring = frontend.ring(0);
    for (int size : new int[] {0, -1, 3, 100, 1023, 2048, 32768, 65536, 1 << 30, 1 << 31}) {
      assertRefused(() -> ring.setSize(size));
    }
    ring.setSize(1024);
  }

  @Test
  void ringsThatDoNotExistAreRefused() throws IOException {
    negotiate();
    for (int index : new int[] {1, 255, 0x7fffffff, -1}) {
      VringControl ring = frontend.ring(index);
      assertRefused(() -> ring.setSize(16));
      assertRefused(() -> ring.setBase(0));
      assertRefused(() -> ring.setUserAddresses(0, 0, 0));
      assertRefused(() -> ring.setEnabled(true));
    }
    try (Notifier notifier = Notifier.eventfd()) {
      VringControl ring = frontend.ring(7);
      assertRefused(() -> ring.setKick(notifier));
      assertRefused(() -> ring.setCall(notifier));
      assertRefused(() -> ring.setError(notifier));
      assertRefused(ring::setNoKick);
    }
  }

  @Test
  void aBaseThatCannotBeIsRefused() throws IOException {
    negotiate();
    assertRefused(() -> frontend.ring(0).setBase(0x10000));
    assertRefused(() -> frontend.ring(0).setBase(-1));
    frontend.ring(0).setBase(0xffff);
  }

  @Test
  void ringAddressesOutsideEveryRegionAreRefused() throws IOException {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      VringControl ring = frontend.ring(0);
      ring.setSize(256);
      RingLayout layout = RingLayout.allocate(memory, 256);
      assertRefused(() -> ring.setAddresses(layout, memory));
      frontend.setMemory(memory);
      ring.setAddresses(layout, memory);
      long start = memory.regions().getFirst().description().userAddress();
      long end = start + (1 << 20);
      assertRefused(() -> ring.setUserAddresses(end - 4080, start, start));
      assertRefused(() -> ring.setUserAddresses(start, end - 2048, start));
      assertRefused(() -> ring.setUserAddresses(start, start, end - 512));
      assertRefused(() -> ring.setUserAddresses(start - 16, start, start));
      assertRefused(() -> ring.setUserAddresses(0, start, start));
      assertRefused(() -> ring.setUserAddresses(-16, start, start));
      assertRefused(() -> ring.setUserAddresses(Long.MAX_VALUE & -16, start, start));
    }
  }

  @Test
  void misalignedRingAddressesAreRefused() throws IOException {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      frontend.setMemory(memory);
      VringControl ring = frontend.ring(0);
      ring.setSize(16);
      long start = memory.regions().getFirst().description().userAddress();
      assertRefused(() -> ring.setUserAddresses(start + 8, start, start));
      assertRefused(() -> ring.setUserAddresses(start, start + 2, start));
      assertRefused(() -> ring.setUserAddresses(start, start, start + 1));
    }
  }

  @Test
  void ringsInARegionThatIsMisalignedInItsFileAreRefused() throws IOException {
    negotiate();
    try (GuestMemory memory = GuestMemory.of(1 << 20)) {
      GuestRegion region = memory.regions().getFirst();
      MemoryRegion askew = new MemoryRegion(0x100000, 0x10000, 0x7000_0000_0000L, 1);
      frontend.tell(
          VhostUserMessage.of(FrontendRequest.SET_MEM_TABLE, Payloads.memoryTable(List.of(askew)))
              .withDescriptors(region.descriptor()));
      VringControl ring = frontend.ring(0);
      ring.setSize(16);
      long start = askew.userAddress();
      assertRefused(() -> ring.setUserAddresses(start, start + 0x1000, start + 0x2000));
    }
  }

  @Test
  void aRingThatWasNotDescribedCannotBeStarted() throws IOException {
    negotiate();
    try (Notifier kick = Notifier.eventfd();
        GuestMemory memory = GuestMemory.of(1 << 20)) {
      assertRefused(() -> frontend.ring(0).setKick(kick));
      frontend.ring(0).setSize(16);
      assertRefused(() -> frontend.ring(0).setKick(kick));
      assertRefused(frontend.ring(0)::setNoKick);
      frontend.setMemory(memory);
      frontend.ring(0).setAddresses(RingLayout.allocate(memory, 16), memory);
      frontend.ring(0).setKick(kick);
    }
  }

  @Test
  void aRunningRingCannotBeDescribedAnew() throws Exception {
    frontend.close();
    try (VhostBlkClient client = rig.connect()) {
      VringControl ring = client.frontend().ring(0);
      assertThrows(VhostUserException.Refused.class, () -> ring.setSize(16));
      assertThrows(VhostUserException.Refused.class, () -> ring.setBase(16));
      assertThrows(
          VhostUserException.Refused.class,
          () -> ring.setAddresses(client.queue(0).async().ring().layout(), client.memory()));
      client.queue(0).flush();
    }
  }

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
