package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.nbd.protocol.Command;
import io.ubiblk.nbd.protocol.Magic;
import io.ubiblk.nbd.protocol.Option;
import io.ubiblk.nbd.protocol.ReplyStyle;
import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes that no client would send: the server survives them, and so do its other clients. */
@Timeout(300)
class HostileBytesTest {

  private static final String OTHER = "undisturbed-3b1f";
  private static final List<ReplyStyle> STYLES = List.of(ReplyStyle.values());

  @TempDir Path folder;

  private static long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("ubiblk"))
        .count();
  }

  /** What a good client sends, from its flags on. */
  private static byte[] conversation(SeededRandom random) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(ByteBuffer.allocate(4).putInt(3).array());
    ReplyStyle style = STYLES.get(random.below(3));
    if (style != ReplyStyle.SIMPLE) {
      boolean wide = style == ReplyStyle.EXTENDED;
      option(all, wide ? Option.EXTENDED_HEADERS : Option.STRUCTURED_REPLY);
      option(all, Option.SET_META_CONTEXT, NbdClient.queries("", "base:allocation"));
    }
    if (random.below(3) == 0) {
      option(all, Option.LIST);
      option(all, Option.INFO, NbdClient.choice("", 0, 1, 2, 3));
    }
    option(all, Option.GO, NbdClient.choice("", 3));
    for (int i = random.below(12); i > 0; i--) {
      request(all, style, random);
    }
    return all.toByteArray();
  }

  private static void option(ByteArrayOutputStream all, int option, byte... data) {
    all.writeBytes(
        ByteBuffer.allocate(16).putLong(Magic.OPTION).putInt(option).putInt(data.length).array());
    all.writeBytes(data);
  }

  private static void request(ByteArrayOutputStream all, ReplyStyle style, SeededRandom random) {
    int command = random.below(8);
    int length = command == Command.FLUSH ? 0 : 512 * (1 + random.below(16));
    long offset = command == Command.FLUSH ? 0 : 512L * random.below(1000);
    boolean wide = style == ReplyStyle.EXTENDED;
    int flags = wide && command == Command.WRITE ? Command.FLAG_PAYLOAD_LEN : 0;
    ByteBuffer header = ByteBuffer.allocate(style.requestSize());
    header.putInt(style.requestMagic()).putShort((short) flags).putShort((short) command);
    header.putLong(random.nextLong()).putLong(offset);
    all.writeBytes((wide ? header.putLong(length) : header.putInt(length)).array());
    if (command == Command.WRITE) {
      all.writeBytes(new byte[length]);
    }
  }

  private static byte[] spoil(byte[] good, SeededRandom random) {
    byte[] bytes = good.clone();
    return switch (random.below(4)) {
      case 0 -> noise(random);
      case 1 -> Arrays.copyOf(bytes, random.below(bytes.length));
      case 2 -> {
        for (int i = 1 + random.below(4); i > 0; i--) {
          bytes[random.below(bytes.length)] ^= (byte) (1 << random.below(8));
        }
        yield bytes;
      }
      default -> {
        int from = random.below(bytes.length);
        int length = Math.min(bytes.length - from, 1 + random.below(8));
        Arrays.fill(bytes, from, from + length, (byte) (random.below(2) == 0 ? 0xff : 0));
        yield bytes;
      }
    };
  }

  private static byte[] noise(SeededRandom random) {
    byte[] noise = new byte[random.below(200)];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (byte) random.below(256);
    }
    return noise;
  }

  /** Sends bytes, in one piece or two, and reads what comes until the server hangs up. */
  private static void talk(Path socket, byte[] bytes, SeededRandom random) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      int cut = random.below(bytes.length + 1);
      channel.write(ByteBuffer.wrap(bytes, 0, cut));
      channel.write(ByteBuffer.wrap(bytes, cut, bytes.length - cut));
      if (random.below(4) == 0) {
        return;
      }
      channel.shutdownOutput();
      ByteBuffer sink = ByteBuffer.allocate(65536);
      while (channel.read(sink.clear()) >= 0) {
        // Whatever it is.
      }
    } catch (IOException e) {
      String text = String.valueOf(e.getMessage());
      // The server may have hung up on what it did not like.
      assertTrue(text.contains("pipe") || text.contains("reset"), text);
    }
  }

  @ParameterizedTest
  @CsvSource({"RING, 9000", "EPOLL, 1000"})
  void nothingThatIsSentDisturbsAnybodyElse(ReactorOptions.Kind kind, int rounds) throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    AtomicReference<@Nullable Throwable> disturbed = new AtomicReference<>();
    try (MemoryDevice device = new MemoryDevice(Rig.SIZE);
        Rig rig =
            new Rig(
                folder,
                kind,
                new MemoryDevice(Rig.SIZE),
                b -> b.export(NbdExport.of(OTHER, device)))) {
      rig.assertServes();
      rig.settle();
      final long threadsBefore = threads();
      final long descriptorsBefore = descriptors();
      Thread other = Thread.ofPlatform().start(() -> disturbed.set(behave(rig.socket, done)));
      Seeds.check(
          random -> {
            for (int i = 0; i < rounds; i++) {
              talk(rig.socket, spoil(conversation(random), random), random);
            }
          });
      done.set(true);
      other.join();
      if (disturbed.get() != null) {
        throw new AssertionError("another client was disturbed", disturbed.get());
      }
      rig.settle();
      assertEquals(threadsBefore, threads());
      Await.until(() -> descriptors() <= descriptorsBefore);
      rig.assertServes();
    }
  }

  /** Writes and reads until told to stop; returns what went wrong. */
  private static @Nullable Throwable behave(Path socket, AtomicBoolean done) {
    try (NbdClient client = NbdClient.open(socket, ReplyStyle.STRUCTURED, OTHER)) {
      byte[] data = new byte[9000 / 512 * 512];
      for (int i = 0; !done.get(); i++) {
        Arrays.fill(data, (byte) i);
        assertEquals(0, client.write(4096, data));
        assertArrayEquals(data, client.read(4096, data.length));
        assertEquals(0, client.command(Command.FLUSH, 0, 0, 0));
      }
      return null;
    } catch (IOException | AssertionError e) {
      return e;
    }
  }
}
