package io.ubiblk.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.testkit.vhost.RequestFailedException;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostBlkOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VhostProcessIT {

  private static final int BLOCK = 4096;
  private static final int IMAGE_SIZE = 3 << 20;
  private static final long SECTORS_PER_BLOCK = BLOCK / 512;

  @TempDir private Path folder;
  private Path disk;
  private Path socket;
  private final byte[] written = new byte[BLOCK];

  @BeforeEach
  void names() {
    disk = folder.resolve("disk");
    socket = folder.resolve("sock");
    new SplittableRandom(1).nextBytes(written);
  }

  @Test
  void saysOneLineAndEndsInOrderWhenTerminated() throws Exception {
    endsInOrder("TERM");
  }

  @Test
  void saysOneLineAndEndsInOrderWhenInterrupted() throws Exception {
    endsInOrder("INT");
  }

  private void endsInOrder(String signal) throws Exception {
    try (RunningProgram program = vhost("--size=8M")) {
      assertEquals("listening on " + socket, program.readLine().split(": ", -1)[0]);
      try (VhostBlkClient client = VhostBlkClient.connect(socket)) {
        client.queue(0).write(0, written);
        // The client is still connected, and has not flushed.
        end(program, signal);
      }
      assertEquals(1, program.lines().size(), "lines on standard output");
      assertFalse(Files.exists(socket), "socket is still there");
    }
    assertArrayEquals(written, read(disk, 0));
  }

  @Test
  void lazyDiskRemembersWhatItHasAcrossTerminations() throws Exception {
    byte[] image = image();
    for (int round = 0; round < 3; round++) {
      try (RunningProgram program = lazy("--autofetch", "--track-written", "--copy-on-read");
          VhostBlkClient client = connect(program)) {
        client.queue(0).write(round * SECTORS_PER_BLOCK, written);
        for (int block = 0; block < IMAGE_SIZE / BLOCK; block += 100) {
          byte[] expected = block <= round ? written : block(image, block);
          assertArrayEquals(
              expected, client.queue(0).read((long) block * SECTORS_PER_BLOCK, BLOCK));
        }
        end(program, "TERM");
      }
    }
  }

  @Test
  void whatWasFlushedSurvivesBeingKilled() throws Exception {
    byte[] image = image();
    int last = IMAGE_SIZE / BLOCK - 1;
    try (RunningProgram program = lazy();
        VhostBlkClient client = connect(program)) {
      client.queue(0).write(last * SECTORS_PER_BLOCK, written);
      client.queue(0).flush();
      program.signal("KILL");
      program.awaitEnd();
    }
    try (RunningProgram program = lazy();
        VhostBlkClient client = connect(program)) {
      assertArrayEquals(written, client.queue(0).read(last * SECTORS_PER_BLOCK, BLOCK));
      assertArrayEquals(
          block(image, last - 1), client.queue(0).read((last - 1) * SECTORS_PER_BLOCK, BLOCK));
      end(program, "TERM");
    }
  }

  @Test
  void everyKindOfDiskCanBeReadAndWritten() throws Exception {
    for (String option :
        List.of(
            "--direct", "--write-through", "--reactor=epoll", "--reactor=ring", "--poll-us=0")) {
      try (RunningProgram program = vhost("--size=8M", option);
          VhostBlkClient client = connect(program)) {
        client.queue(0).write(SECTORS_PER_BLOCK, written);
        client.queue(0).flush();
        assertArrayEquals(written, client.queue(0).read(SECTORS_PER_BLOCK, BLOCK), option);
        end(program, "TERM");
      }
    }
  }

  @Test
  void readOnlyDiskRefusesChanges() throws Exception {
    Files.write(disk, written);
    try (RunningProgram program = vhost("--read-only");
        VhostBlkClient client = connect(program)) {
      assertArrayEquals(written, client.queue(0).read(0, BLOCK));
      assertThrows(RequestFailedException.class, () -> client.queue(0).write(0, written));
      end(program, "TERM");
    }
  }

  @Test
  void nullDeviceServesSeveralQueues() throws Exception {
    String[] args = {"vhost", "--file=null:1T", "--socket", socket.toString(), "--queues=3"};
    try (RunningProgram program = RunningProgram.start(args)) {
      program.readLine();
      VhostBlkOptions options = VhostBlkOptions.at(socket).withQueues(3, 64);
      try (VhostBlkClient client = VhostBlkClient.connect(options)) {
        assertEquals(1L << 40, client.config().capacity() * 512);
        for (int queue = 0; queue < 3; queue++) {
          client.queue(queue).write(queue, new byte[512]);
        }
        end(program, "TERM");
      }
    }
  }

  @Test
  void statisticsAreWrittenWholeAtTheEnd() throws Exception {
    Path statistics = folder.resolve("stats.json");
    try (RunningProgram program = vhost("--size=8M", "--json-stats=" + statistics);
        VhostBlkClient client = connect(program)) {
      assertTrue(Files.exists(statistics), "no statistics from the beginning on");
      client.queue(0).write(0, written);
      end(program, "TERM");
    }
    String json = Files.readString(statistics);
    assertTrue(json.contains("\"write\": {\"completed\": 1, \"failed\": 0, \"bytes\": 4096"), json);
    assertTrue(json.endsWith("}\n}\n"), json);
    assertFalse(Files.exists(folder.resolve("stats.json.next")));
  }

  @Test
  void misuseNamesTheOptionAndEndsWithTwo() throws Exception {
    try (RunningProgram program = vhost("--queues=many")) {
      assertEquals(2, program.awaitEnd());
      assertTrue(
          program
              .errors()
              .startsWith(
                  "examples/run vhost: option --queues has the value 'many', expected a number"
                      + " from 1 to 256"),
          program.errors());
    }
  }

  @Test
  void failuresAreOneLineAndEndWithOne() throws Exception {
    Files.write(disk, written);
    Path file = Files.createFile(folder.resolve("file"));
    String missing = folder.resolve("missing") + "/x";
    fails(List.of("--image=" + missing, "--metadata=" + missing), missing);
    fails(List.of("--json-stats=" + missing), missing);
    Path target = socket;
    socket = Path.of(missing);
    fails(List.of(), missing);
    socket = file;
    fails(List.of(), "is no socket");
    socket = target;
    try (RunningProgram program = vhost()) {
      program.readLine();
      Path other = folder.resolve("other");
      socket = other;
      fails(List.of(), disk.toString());
      end(program, "TERM");
    }
  }

  @Test
  void damagedMetadataIsRefused() throws Exception {
    image();
    Files.write(folder.resolve("metadata"), new byte[1 << 20]);
    try (RunningProgram program = lazy()) {
      assertEquals(1, program.awaitEnd());
      assertTrue(program.errors().contains(folder.resolve("metadata").toString()));
      assertEquals(1, program.errors().lines().count(), program.errors());
    }
  }

  private void fails(List<String> args, String named) throws Exception {
    try (RunningProgram program = vhost(args.toArray(new String[0]))) {
      assertEquals(1, program.awaitEnd(), () -> "exit status with " + args);
      String errors = program.errors();
      assertEquals(1, errors.lines().count(), errors);
      assertTrue(errors.startsWith("examples/run vhost: "), errors);
      assertTrue(errors.contains(named), errors);
      assertEquals(0, program.lines().size(), "lines on standard output");
    }
  }

  private RunningProgram vhost(String... more) throws IOException {
    List<String> args = new ArrayList<>(List.of("vhost", "--file", disk.toString()));
    args.addAll(List.of("--socket", socket.toString()));
    args.addAll(List.of(more));
    return RunningProgram.start(args.toArray(new String[0]));
  }

  private RunningProgram lazy(String... more) throws IOException {
    List<String> args = new ArrayList<>(List.of("--image", folder.resolve("image").toString()));
    args.addAll(List.of("--metadata", folder.resolve("metadata").toString()));
    args.addAll(List.of(more));
    return vhost(args.toArray(new String[0]));
  }

  private VhostBlkClient connect(RunningProgram program) throws IOException, InterruptedException {
    if (program.readLine() == null) {
      throw new AssertionError(program.errors());
    }
    return VhostBlkClient.connect(socket);
  }

  private static void end(RunningProgram program, String signal) throws Exception {
    program.signal(signal);
    assertEquals(0, program.awaitEnd(), () -> "exit status after SIG" + signal);
    assertEquals("", program.errors());
  }

  private byte[] image() throws IOException {
    byte[] image = new byte[IMAGE_SIZE];
    new SplittableRandom(2).nextBytes(image);
    Files.write(folder.resolve("image"), image);
    return image;
  }

  private static byte[] block(byte[] content, int block) {
    return Arrays.copyOfRange(content, block * BLOCK, (block + 1) * BLOCK);
  }

  private static byte[] read(Path file, int block) throws IOException {
    return block(Files.readAllBytes(file), block);
  }
}
