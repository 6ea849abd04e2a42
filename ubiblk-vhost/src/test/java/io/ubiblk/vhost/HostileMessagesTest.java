package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.FrontendRequest;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.MemoryRegion;
import io.ubiblk.testkit.vhost.Notifier;
import io.ubiblk.testkit.vhost.Payloads;
import io.ubiblk.testkit.vhost.VhostUserConnection;
import io.ubiblk.testkit.vhost.VhostUserException;
import io.ubiblk.testkit.vhost.VhostUserMessage;
import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random and mutated messages with random descriptors, against a neighbour that works. */
class HostileMessagesTest {

  private static final long SEED = 20261121;
  private static final int SESSIONS = 300;
  private static final int MESSAGES = 30;

  @TempDir Path folder;
  private final Random random = new Random(SEED);
  private Rig rig;
  private Neighbour neighbour;
  private GuestMemory memory;
  private List<FileDescriptor> descriptors;
  private final List<Notifier> notifiers = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    rig = new Rig(folder, ReactorOptions.Kind.AUTOMATIC, Rig.memory(), b -> b.queues(3));
    neighbour = new Neighbour(folder, rig.group);
    memory = new GuestMemory();
    descriptors = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      GuestRegion region = memory.addRegion(0x100000L * (i + 1), 1 << 20);
      if (i > 0) {
        byte[] noise = new byte[1 << 20];
        random.nextBytes(noise);
        region.segment().copyFrom(MemorySegment.ofArray(noise));
      }
      descriptors.add(region.descriptor());
    }
    notifiers.add(Notifier.eventfd());
    notifiers.add(Notifier.blockingEventfd());
    notifiers.add(Notifier.pipeToPeer(true));
    notifiers.add(Notifier.pipeFromPeer(true));
    notifiers.add(Notifier.eventfd());
    notifiers.get(1).fill();
    notifiers.get(3).fill();
    notifiers.forEach(n -> descriptors.add(n.peerEnd()));
  }

  @AfterEach
  void stop() throws IOException {
    try {
      neighbour.assertUndisturbed(Duration.ofSeconds(2));
    } finally {
      neighbour.close();
      notifiers.forEach(Notifier::close);
      memory.close();
      rig.close();
    }
  }

  private VhostUserMessage anyMessage() {
    int index = random.nextInt(4);
    return switch (random.nextInt(24)) {
      case 0 -> VhostUserMessage.of(FrontendRequest.GET_FEATURES);
      case 1 -> number(FrontendRequest.SET_FEATURES, random.nextBoolean() ? 0 : 0x170001e46L);
      case 2 -> number(FrontendRequest.SET_PROTOCOL_FEATURES, random.nextInt() & 0x8229);
      case 3 -> VhostUserMessage.of(FrontendRequest.SET_OWNER);
      case 4 -> VhostUserMessage.of(FrontendRequest.RESET_OWNER);
      case 5, 6 -> memoryTable();
      case 7 -> state(FrontendRequest.SET_VRING_NUM, index, 1 << random.nextInt(12));
      case 8, 9, 10 -> addresses(index);
      case 11 -> state(FrontendRequest.SET_VRING_BASE, index, random.nextInt(0x12000));
      case 12 -> state(FrontendRequest.GET_VRING_BASE, index, 0);
      case 13, 14 -> notifier(FrontendRequest.SET_VRING_KICK, index);
      case 15 -> notifier(FrontendRequest.SET_VRING_CALL, index);
      case 16 -> notifier(FrontendRequest.SET_VRING_ERR, index);
      case 17, 18 -> state(FrontendRequest.SET_VRING_ENABLE, index, random.nextInt(8) == 0 ? 2 : 1);
      case 19 ->
          VhostUserMessage.of(FrontendRequest.GET_CONFIG, Payloads.config(0, 60, 0, new byte[60]));
      case 20 ->
          VhostUserMessage.of(FrontendRequest.SET_CONFIG, Payloads.config(32, 1, 0, (byte) 0));
      case 21 -> region(FrontendRequest.ADD_MEM_REG);
      case 22 -> region(FrontendRequest.REM_MEM_REG);
      default -> VhostUserMessage.of(random.nextInt(45), new byte[random.nextInt(64)]);
    };
  }

  private static VhostUserMessage number(FrontendRequest request, long number) {
    return VhostUserMessage.of(request, Payloads.number(number));
  }

  private static VhostUserMessage state(FrontendRequest request, int index, int value) {
    return VhostUserMessage.of(request, Payloads.vringState(index, value));
  }

  private VhostUserMessage notifier(FrontendRequest request, int index) {
    if (random.nextInt(4) == 0) {
      return number(request, index | Payloads.NO_DESCRIPTOR);
    }
    return number(request, index)
        .withDescriptors(notifiers.get(random.nextInt(notifiers.size())).peerEnd());
  }

  private VhostUserMessage memoryTable() {
    List<GuestRegion> regions = memory.regions().subList(0, 1 + random.nextInt(3));
    return VhostUserMessage.of(
            FrontendRequest.SET_MEM_TABLE,
            Payloads.memoryTable(regions.stream().map(GuestRegion::description).toList()))
        .withDescriptors(regions.stream().map(GuestRegion::descriptor).toList());
  }

  private VhostUserMessage region(FrontendRequest request) {
    GuestRegion region = memory.regions().get(random.nextInt(3));
    VhostUserMessage message =
        VhostUserMessage.of(request, Payloads.memoryRegion(region.description()));
    return request == FrontendRequest.ADD_MEM_REG
        ? message.withDescriptors(region.descriptor())
        : message;
  }

  private VhostUserMessage addresses(int index) {
    return VhostUserMessage.of(
        FrontendRequest.SET_VRING_ADDR,
        Payloads.vringAddresses(index, 0, place(16), place(4), place(2), 0));
  }

  private long place(int alignment) {
    MemoryRegion region = memory.regions().get(random.nextInt(3)).description();
    return region.userAddress() + (random.nextInt(1 << 20) & -alignment);
  }

  /** The message as it is, or with something wrong. */
  private byte[] mutate(VhostUserMessage message) {
    byte[] bytes = message.bytes();
    switch (random.nextInt(12)) {
      case 0 -> {
        int bit = random.nextInt(bytes.length * 8);
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
      }
      case 1 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      case 2 -> bytes = Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length));
      case 3 -> bytes = Arrays.copyOf(bytes, bytes.length + random.nextInt(20));
      default -> {}
    }
    return bytes;
  }

  private FileDescriptor[] descriptorsFor(VhostUserMessage message) {
    if (random.nextInt(12) > 0) {
      return message.descriptors().toArray(FileDescriptor[]::new);
    }
    FileDescriptor[] any = new FileDescriptor[random.nextInt(12)];
    Arrays.setAll(any, i -> descriptors.get(random.nextInt(descriptors.size())));
    return any;
  }

  /** Describes rings as a frontend should, for hostile things to be said about them. */
  private int introduce(VhostUserConnection connection) throws IOException {
    List<VhostUserMessage> messages = new ArrayList<>();
    messages.add(number(FrontendRequest.SET_FEATURES, 0x170001e46L));
    messages.add(number(FrontendRequest.SET_PROTOCOL_FEATURES, 0x8229));
    messages.add(memoryTable());
    for (int ring = 0; ring < 3; ring++) {
      messages.add(state(FrontendRequest.SET_VRING_NUM, ring, 1 << random.nextInt(10)));
      messages.add(addresses(ring));
      messages.add(notifier(FrontendRequest.SET_VRING_ERR, ring));
      messages.add(notifier(FrontendRequest.SET_VRING_KICK, ring));
      messages.add(state(FrontendRequest.SET_VRING_ENABLE, ring, 1));
    }
    for (VhostUserMessage message : messages) {
      connection.send(message.withFlags(message.flags() | VhostUserMessage.NEED_REPLY));
    }
    return messages.size();
  }

  private int talk() throws IOException {
    int sent = 0;
    try (VhostUserConnection connection = VhostUserConnection.connect(rig.socket)) {
      if (random.nextInt(4) > 0) {
        sent += introduce(connection);
      }
      for (int i = 0; i < MESSAGES; i++) {
        VhostUserMessage message = anyMessage();
        if (random.nextInt(10) > 0) {
          message = message.withFlags(VhostUserMessage.VERSION | VhostUserMessage.NEED_REPLY);
        }
        FileDescriptor[] passed = descriptorsFor(message);
        connection.sendBytes(random.nextInt(4) == 0 ? mutate(message) : message.bytes(), passed);
        sent++;
        notifiers.get(random.nextInt(2) * 4).signal();
      }
      // Reads the answers, so that all of it is heard before the connection ends.
      connection.awaitClosed(Duration.ofMillis(random.nextInt(20)));
    } catch (VhostUserException.Closed refused) {
      // Somebody who talks like that is sent away.
    }
    return sent;
  }

  @Test
  void nothingThatIsSaidHarmsAnybodyElse() throws Exception {
    rig.assertServes();
    rig.settle();
    var before = Processes.descriptors();
    var threads = Processes.threads();
    long mappings = Processes.guestMappings();
    int sent = 0;
    for (int i = 0; i < SESSIONS; i++) {
      sent += talk();
      if (i % 50 == 0) {
        rig.assertServes();
      }
    }
    assertTrue(sent > 10_000, "too few messages were sent: " + sent);
    for (String consequence : List.of("refused", "disconnected", "is not served any more")) {
      assertTrue(
          rig.log.lines().stream().anyMatch(line -> line.contains(consequence)), consequence);
    }
    rig.assertServes();
    Await.until(() -> Processes.descriptors().equals(before));
    Await.until(() -> Processes.guestMappings() == mappings);
    assertEquals(threads, Processes.threads());
    assertEquals(0, rig.device.openChannels());
  }

  @Test
  void floodsOfDescriptorsAreClosed() throws Exception {
    rig.assertServes();
    rig.settle();
    var before = Processes.descriptors();
    FileDescriptor[] many = new FileDescriptor[253];
    Arrays.setAll(many, i -> descriptors.get(i % descriptors.size()));
    for (int session = 0; session < 20; session++) {
      try (VhostUserConnection connection = VhostUserConnection.connect(rig.socket)) {
        for (int i = 0; i < 12; i++) {
          // A byte at a time, each with as many descriptors as the kernel lets through.
          connection.sendBytes(new byte[] {1}, many);
        }
      } catch (VhostUserException.Closed refused) {
        // As it should be.
      }
    }
    rig.assertServes();
    Await.until(() -> Processes.descriptors().equals(before));
  }
}
