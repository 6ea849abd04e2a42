package io.ubiblk.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NbdProcessIT {

  private static final int BLOCK = 4096;
  private static final int READ_ONLY = 2;

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
    try (RunningProgram program = nbd("--size=8M")) {
      assertEquals("listening on " + socket, program.readLine().split(": ", -1)[0]);
      try (NbdReader client = NbdReader.connect(socket)) {
        assertEquals(8 << 20, client.size());
        client.write(BLOCK, written);
        // The client is still connected, and has not flushed.
        end(program, signal);
        assertThrows(IOException.class, client::flush);
      } catch (IOException closedByTheServer) {
        // What the client says in the end reaches nobody.
        assertFalse(Files.exists(socket), closedByTheServer.toString());
      }
      assertEquals(1, program.lines().size(), "lines on standard output");
      assertFalse(Files.exists(socket), "socket is still there");
    }
    byte[] stored = Files.readAllBytes(disk);
    assertArrayEquals(written, Arrays.copyOfRange(stored, BLOCK, 2 * BLOCK));
  }

  @Test
  void servesANamedExportOnTcpToo() throws Exception {
    try (RunningProgram program = nbd("--size=8M", "--port=0", "--export=root")) {
      String where = program.readLine().split(": ", -1)[0];
      int port = Integer.parseInt(where.substring(where.lastIndexOf(':') + 1));
      assertTrue(where.startsWith("listening on " + socket + " and "), where);
      InetSocketAddress tcp = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      try (NbdReader one = NbdReader.connect(socket);
          NbdReader other = NbdReader.connect(tcp, "root")) {
        one.write(0, written);
        assertArrayEquals(written, other.read(0, BLOCK));
        assertThrows(IOException.class, () -> NbdReader.connect(tcp, "toor"));
      }
      end(program, "TERM");
    }
  }

  @Test
  void lazyDiskReadsAsItsImageAndKeepsWhatIsWritten() throws Exception {
    byte[] image = new byte[3 << 20];
    new SplittableRandom(2).nextBytes(image);
    Files.write(folder.resolve("image"), image);
    String[] options = {
      "--image=" + folder.resolve("image"),
      "--metadata=" + folder.resolve("metadata"),
      "--copy-on-read",
      "--autofetch"
    };
    for (int round = 1; round < 3; round++) {
      try (RunningProgram program = nbd(options)) {
        program.readLine();
        try (NbdReader client = NbdReader.connect(socket)) {
          client.write((long) round * BLOCK, written);
          System.arraycopy(written, 0, image, round * BLOCK, BLOCK);
          assertArrayEquals(image, client.readAll());
        }
        end(program, "TERM");
      }
    }
  }

  @Test
  void readOnlyDiskRefusesChanges() throws Exception {
    Files.write(disk, written);
    try (RunningProgram program = nbd("--read-only", "--threads=2")) {
      program.readLine();
      try (NbdReader client = NbdReader.connect(socket)) {
        assertEquals(READ_ONLY, client.flags() & READ_ONLY);
        assertArrayEquals(written, client.readAll());
        assertThrows(IOException.class, () -> client.write(0, written));
      }
      end(program, "TERM");
    }
  }

  @Test
  void statisticsCountWhatClientsDo() throws Exception {
    Path statistics = folder.resolve("stats.json");
    try (RunningProgram program = nbd("--size=8M", "--json-stats=" + statistics)) {
      program.readLine();
      try (NbdReader client = NbdReader.connect(socket)) {
        client.write(0, written);
      }
      end(program, "TERM");
    }
    String json = Files.readString(statistics);
    assertTrue(json.contains("\"write\": {\"completed\": 1, \"failed\": 0, \"bytes\": 4096"), json);
  }

  @Test
  void failuresAreOneLineAndEndWithOne() throws Exception {
    Files.write(disk, written);
    fails("No such file", "--tls-certs=" + folder.resolve("missing"));
    Path taken = Files.createFile(folder.resolve("taken"));
    socket = taken;
    fails(taken.toString());
    assertTrue(Files.exists(taken));
  }

  private void fails(String expected, String... options) throws Exception {
    try (RunningProgram program = nbd(options)) {
      assertEquals(1, program.awaitEnd(), program::toString);
      String errors = program.errors();
      assertEquals(1, errors.lines().count(), errors);
      assertTrue(
          errors.startsWith("examples/run nbd: ")
              && (errors.contains(expected) || errors.contains("does not exist")),
          errors);
    }
  }

  private RunningProgram nbd(String... options) throws IOException {
    List<String> args = new ArrayList<>(List.of("nbd", "--file", disk.toString()));
    args.addAll(List.of("--socket", socket.toString()));
    args.addAll(List.of(options));
    return RunningProgram.start(args.toArray(new String[0]));
  }

  private static void end(RunningProgram program, String signal) throws Exception {
    program.signal(signal);
    assertEquals(0, program.awaitEnd(), program::toString);
    assertEquals("", program.errors());
  }
}
