package io.ubiblk.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.vhost.DriverQueue;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostBlkOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program vhost-backend on an encrypted disk that is filled from an image, as a process. */
final class EncryptedDiskIT {

  private static final int SECTOR = 512;
  private static final int STRIPE = 64 << 10;
  private static final int DISK = 8 << 20;
  private static final int IMAGE = 3 << 20;
  private static final int STRIPES = DISK / STRIPE;
  private static final int SOURCE = IMAGE / STRIPE;
  private static final String TWO_QUEUES = "num_queues = 2\nqueue_size = 256\n";
  private static final String FOUR_QUEUES = "num_queues = 4\nqueue_size = 256\n";

  private static final byte[] KEY = new byte[64];
  private static final byte[] OTHER_KEY = new byte[64];

  static {
    new SplittableRandom(3).nextBytes(KEY);
    new SplittableRandom(4).nextBytes(OTHER_KEY);
  }

  @TempDir private Path folder;

  /**
   * What the disk must read as; nothing is said about what was neither written nor in the image.
   */
  private final byte[] content = new byte[DISK];

  @BeforeEach
  void makeDisk() throws Exception {
    fillReadably(content, 0, IMAGE, "image");
    Files.write(folder.resolve("image.raw"), Arrays.copyOf(content, IMAGE));
    try (RandomAccessFile disk = new RandomAccessFile(folder.resolve("disk.raw").toFile(), "rw")) {
      disk.setLength(DISK);
    }
    configure(TWO_QUEUES, KEY);
    succeed("init-metadata", "-f", configuration(), "-s", "7");
  }

  @Test
  void whatAGuestWritesIsStoredEncryptedAndServedUnderAnyTuning() throws Exception {
    try (RunningProgram backend = start();
        VhostBlkClient client = connect(2);
        RpcLines rpc = RpcLines.connect(folder.resolve("rpc.sock"))) {
      assertEquals(stats(new long[5], new long[5]), rpc.ask("stats"));
      write(client.queue(0), 1 << 20, 40_960);
      write(client.queue(1), 5 << 20, 65_536);
      write(client.queue(1), DISK - SECTOR, SECTOR);
      assertArrayEquals(range(0, 65_536), client.queue(0).read(0, 65_536));
      client.queue(1).flush();
      assertEquals(
          stats(new long[] {65_536, 40_960, 0, 1, 1}, new long[] {0, 66_048, 1, 0, 2}),
          rpc.ask("stats"));
      answersExactly(rpc);
      // Neither queue has flushed this one, and the guest is still there when the end comes.
      write(client.queue(0), 2 << 20, 4096);
      end(backend);
    }
    isStoredEncrypted();
    isServed("", 1, 64);
    isServed(FOUR_QUEUES, 4, 256);
    isStoredEncrypted();
  }

  private void answersExactly(RpcLines rpc) throws Exception {
    assertEquals("{\"version\":\"0.5.1\"}", rpc.ask("version"));
    assertEquals("{\"queues\":[[],[]]}", rpc.ask("queues"));
    // Everything of the image arrives by itself; what was written outside has no source.
    String all =
        "{\"status\":{\"stripes\":{\"fetched\":%d,\"source\":%d,\"total\":%d}}}"
            .formatted(SOURCE, SOURCE, STRIPES);
    String status = rpc.ask("status");
    for (int tries = 0; tries < 500 && !status.equals(all); tries++) {
      Thread.sleep(20);
      status = rpc.ask("status");
    }
    assertEquals(all, status);
    assertEquals("{\"health\":{\"reasons\":[],\"state\":\"ok\"}}", rpc.ask("health"));
    String latency = rpc.ask("latency");
    for (String operation : new String[] {"read", "write", "flush", "discard", "write_zeroes"}) {
      assertTrue(latency.contains("\"" + operation + "\":{\"completed\":"), latency);
    }
    assertTrue(latency.contains("\"write\":{\"completed\":3,\"failed\":0,"), latency);
    String fetch = rpc.ask("fetch");
    assertTrue(fetch.startsWith("{\"fetch\":{\"bytes_left\":0,\"bytes_per_second\":"), fetch);
    assertTrue(fetch.contains("\"failures\":0,"), fetch);
    assertTrue(fetch.endsWith("\"stripes_left\":0,\"under_way\":0}}"), fetch);
    assertEquals("{\"log_level\":\"error\"}", rpc.ask("log_level"));
    for (String level : new String[] {"warn", "error"}) {
      rpc.send("{\"command\":\"log_level\",\"level\":\"" + level + "\"}\n");
      assertEquals("{\"log_level\":\"" + level + "\"}", rpc.readLine());
    }
  }

  @Test
  void guestsNoticeNothingOfAnRpcSocketThatIsMistreated() throws Exception {
    try (RunningProgram backend = start();
        VhostBlkClient client = connect(2);
        RpcLines patient = RpcLines.connect(folder.resolve("rpc.sock"));
        RpcFlood flood = new RpcFlood(folder.resolve("rpc.sock"))) {
      flood.begin();
      for (int i = 0; i < 200; i++) {
        write(client.queue(i % 2), i * 4096, 4096);
        assertArrayEquals(range(i * 4096, 4096), client.queue(i % 2).read(i * 8L, 4096));
        assertEquals("{\"version\":\"0.5.1\"}", patient.ask("version"));
      }
      flood.end();
      try (RpcLines later = RpcLines.connect(folder.resolve("rpc.sock"))) {
        assertEquals("{\"health\":{\"reasons\":[],\"state\":\"ok\"}}", later.ask("health"));
      }
      end(backend);
    }
  }

  @Test
  void anotherKeyIsAnErrorAtTheStart() throws Exception {
    configure(TWO_QUEUES, OTHER_KEY);
    for (String program : new String[] {"vhost-backend", "dump-metadata"}) {
      try (RunningProgram refused = RunningProgram.start(program, "-f", configuration())) {
        assertEquals(1, refused.awaitEnd());
        assertEquals(1, refused.errors().lines().count(), refused.errors());
        assertTrue(refused.errors().contains(folder.resolve("metadata") + ""), refused.errors());
        assertTrue(refused.errors().contains("encrypted with another key"), refused.errors());
        assertFalse(refused.errors().contains(base64(OTHER_KEY)), refused.errors());
      }
    }
    assertFalse(Files.exists(folder.resolve("vhost.sock")));
    assertFalse(Files.exists(folder.resolve("rpc.sock")));
  }

  @Test
  void aSecondBackendOnTheSameDiskIsRefused() throws Exception {
    try (RunningProgram backend = start();
        VhostBlkClient client = connect(2)) {
      assertArrayEquals(range(0, SECTOR), client.queue(0).read(0, SECTOR));
      Files.move(folder.resolve("disk.toml"), folder.resolve("first.toml"));
      String other = Files.readString(folder.resolve("first.toml")).replace(".sock", "2.sock");
      Files.writeString(folder.resolve("disk.toml"), other);
      try (RunningProgram second = RunningProgram.start("vhost-backend", "-f", configuration())) {
        assertEquals(1, second.awaitEnd());
        assertTrue(second.errors().contains(folder.resolve("disk.raw") + ""), second.errors());
      }
      end(backend);
    }
  }

  @Test
  void dumpMetadataNamesFilesAsTheConfigurationDoes() throws Exception {
    // As in the recorded outputs: run in the folder, with a bare name.
    try (RunningProgram dump =
        RunningProgram.start(RunningProgram.LAUNCHER, folder, "dump-metadata", "-f", "disk.toml")) {
      assertEquals(0, dump.awaitEnd());
      assertEquals("data file: disk.raw (" + DISK + " bytes)", dump.lines().getFirst());
      assertEquals("source: raw (path: image.raw, size: " + IMAGE + " bytes)", dump.lines().get(1));
      assertEquals("has-source stripes: 0-" + (SOURCE - 1), dump.lines().getLast());
      assertEquals("", dump.errors());
    }
  }

  private void isStoredEncrypted() throws Exception {
    Path decoded = folder.resolve("decoded");
    succeed("xts", "-f", configuration(), folder + "/disk.raw", decoded.toString());
    byte[] plain = Files.readAllBytes(decoded);
    byte[] stored = Files.readAllBytes(folder.resolve("disk.raw"));
    Set<String> words = new HashSet<>();
    for (int at = 0; at < DISK; at += SECTOR) {
      if (content[at] != 0) {
        assertArrayEquals(
            range(at, SECTOR), Arrays.copyOfRange(plain, at, at + SECTOR), "at " + at);
        words.add(text(content, at, 16));
      }
    }
    assertTrue(words.size() > 5000, words.size() + " sectors hold something");
    for (byte[] file : new byte[][] {stored, Files.readAllBytes(folder.resolve("metadata"))}) {
      for (int at = 0; at + 16 <= file.length; at += 16) {
        assertFalse(words.contains(text(file, at, 16)), "plaintext is stored at " + at);
      }
    }
    String metadata = text(Files.readAllBytes(folder.resolve("metadata")), 0, 9);
    assertFalse(metadata.startsWith("BDEV_UBI"), "the metadata is not encrypted");
  }

  private void isServed(String tuning, int queues, int size) throws Exception {
    configure(tuning, KEY);
    VhostBlkOptions options =
        VhostBlkOptions.at(folder.resolve("vhost.sock")).withQueues(queues, size);
    try (RunningProgram backend = start();
        VhostBlkClient client = VhostBlkClient.connect(options)) {
      for (int at = 0; at < DISK; at += STRIPE) {
        byte[] found = client.queue(at / STRIPE % queues).read(at / SECTOR, STRIPE);
        for (int i = 0; i < STRIPE; i += SECTOR) {
          if (content[at + i] != 0) {
            assertArrayEquals(
                range(at + i, SECTOR), Arrays.copyOfRange(found, i, i + SECTOR), "at " + (at + i));
          }
        }
      }
      write(client.queue(queues - 1), 6 << 20, 8192);
      end(backend);
    }
  }

  private RunningProgram start() throws IOException {
    return RunningProgram.start("vhost-backend", "--config", configuration());
  }

  private VhostBlkClient connect(int queues) throws IOException, InterruptedException {
    return VhostBlkClient.connect(
        VhostBlkOptions.at(folder.resolve("vhost.sock")).withQueues(queues, 128));
  }

  private void end(RunningProgram backend) throws Exception {
    backend.signal("TERM");
    assertEquals(0, backend.awaitEnd(), backend.errors());
    assertEquals("", backend.errors());
    assertEquals(0, backend.lines().size());
    assertFalse(Files.exists(folder.resolve("vhost.sock")));
    assertFalse(Files.exists(folder.resolve("rpc.sock")));
  }

  private void write(DriverQueue queue, int at, int bytes) throws IOException {
    fillReadably(content, at, bytes, "guest");
    queue.write(at / SECTOR, range(at, bytes));
  }

  private byte[] range(int at, int bytes) {
    return Arrays.copyOfRange(content, at, at + bytes);
  }

  /** Sixteen letters and digits for each sixteen bytes, different everywhere. */
  private static void fillReadably(byte[] memory, int at, int bytes, String what) {
    for (int i = at; i < at + bytes; i += 16) {
      byte[] word = "%s-%010d".formatted(what, i).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(word, 0, memory, i, 16);
    }
  }

  private static String text(byte[] bytes, int at, int length) {
    return new String(bytes, at, length, StandardCharsets.ISO_8859_1);
  }

  private static String stats(long[]... queues) {
    StringBuilder text = new StringBuilder("{\"stats\":{\"queues\":[");
    for (long[] queue : queues) {
      text.append(text.charAt(text.length() - 1) == '}' ? "," : "")
          .append("{\"bytes_read\":%d,\"bytes_written\":%d,".formatted(queue[0], queue[1]))
          .append("\"flush_ops\":%d,".formatted(queue[2]))
          .append("\"read_ops\":%d,\"write_ops\":%d}".formatted(queue[3], queue[4]));
    }
    return text.append("]}}").toString();
  }

  private String configuration() {
    return folder.resolve("disk.toml").toString();
  }

  private static String base64(byte[] key) {
    return Base64.getEncoder().encodeToString(key);
  }

  private void configure(String tuning, byte[] key) throws IOException {
    DiskToml.write(folder, "track_written = true", tuning, "autofetch = true", key);
  }

  private static void succeed(String... command) throws Exception {
    try (RunningProgram program = RunningProgram.start(command)) {
      assertEquals(0, program.awaitEnd(), program.errors());
      assertEquals("", program.errors());
      assertEquals(0, program.lines().size(), "lines on standard output");
    }
  }
}
