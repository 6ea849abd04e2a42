package io.ubiblk.examples.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.examples.DiskToml;
import io.ubiblk.examples.Outcome;
import io.ubiblk.examples.RpcLines;
import io.ubiblk.examples.RunningBackend;
import io.ubiblk.testkit.guest.Guest;
import io.ubiblk.testkit.guest.GuestTools;
import io.ubiblk.testkit.guest.MissingToolException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/**
 * A Linux guest on an encrypted disk that is filled from an image, served by the program
 * vhost-backend: it makes a file system and fills it, and finds everything again after the backend
 * was started with other tunings.
 */
final class EncryptedGuestIT {

  private static final long DISK_SIZE = 384L << 20;
  private static final int IMAGE_MIB = 16;
  private static final int FILES = 2000;
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Path TARGET = Path.of("target").toAbsolutePath();

  private GuestTools tools;
  private Path initramfs;
  private Path folder;
  private byte[] image;

  @BeforeEach
  void prepare() throws IOException, InterruptedException {
    folder = Files.createTempDirectory("guest-");
    image = new byte[IMAGE_MIB << 20];
    new SplittableRandom(6).nextBytes(image);
    try {
      tools = GuestTools.find(Initramfs.PROGRAMS);
      initramfs = Files.createDirectories(TARGET).resolve("guest-encrypted.cpio");
      Initramfs.write(initramfs, tools, FILES, image, 1);
    } catch (MissingToolException e) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("this must not be skipped here: " + e.getMessage());
      }
      throw new TestAbortedException(e.getMessage());
    }
    Files.write(folder.resolve("image.raw"), image);
    try (RandomAccessFile disk = new RandomAccessFile(folder.resolve("disk.raw").toFile(), "rw")) {
      disk.setLength(DISK_SIZE);
    }
  }

  @AfterEach
  void deleteFolder() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void guestKeepsItsFilesUnderEveryTuning() throws Exception {
    configure("num_queues = 2\nqueue_size = 128\nseg_size_max = 1048576\nseg_count_max = 126\n");
    assertEquals(new Outcome(0, "", ""), Outcome.of("init-metadata", "-f", folder + "/disk.toml"));
    try (RunningBackend backend = new RunningBackend(folder.resolve("disk.toml"));
        Guest guest = start(2, 128)) {
      for (String question : new String[] {"@read?", "@written?", "@trimmed?"}) {
        guest.expect(question, PATIENCE);
        guest.answer();
      }
      guest.expect("@rebooting", PATIENCE);
      check(guest);
      assertEquals(new Outcome(0, "", ""), backend.end());
    }
    assertNothingIsReadable();
    configure("");
    isFoundAgain(1, 64);
    configure("num_queues = 4\nqueue_size = 256\n");
    isFoundAgain(4, 256);
  }

  private void isFoundAgain(int queues, int size) throws Exception {
    try (RunningBackend backend = new RunningBackend(folder.resolve("disk.toml"));
        Guest guest = start(queues, size)) {
      check(guest);
      try (RpcLines rpc = RpcLines.connect(folder.resolve("rpc.sock"))) {
        assertEquals("{\"health\":{\"reasons\":[],\"state\":\"ok\"}}", rpc.ask("health"));
        assertTrue(rpc.ask("stats").split("bytes_read", -1).length - 1 == queues);
      }
      assertEquals(new Outcome(0, "", ""), backend.end());
    }
  }

  private static void check(Guest guest) throws Exception {
    guest.expect("@verifying", PATIENCE);
    guest.expect("@passed", PATIENCE);
    guest.awaitEnd(PATIENCE);
  }

  private Guest start(int queues, int size) throws IOException, InterruptedException {
    Path socket = folder.resolve("vhost.sock");
    for (int tries = 0; tries < 1000 && !Files.exists(socket); tries++) {
      Thread.sleep(10);
    }
    return Guest.start(
        tools,
        initramfs,
        512,
        "-chardev",
        "socket,id=disk,path=" + socket,
        "-device",
        "vhost-user-blk-pci,chardev=disk,num-queues=" + queues + ",queue-size=" + size);
  }

  /** The image was on the disk, and its beginning still is where the file system did not go. */
  private void assertNothingIsReadable() throws IOException {
    byte[] needle = Arrays.copyOfRange(image, 0, 16);
    byte[] stored = new byte[image.length];
    try (RandomAccessFile disk = new RandomAccessFile(folder.resolve("disk.raw").toFile(), "r")) {
      disk.readFully(stored);
    }
    assertFalse(Arrays.equals(needle, 0, 16, stored, 0, 16), "the image is stored as it is");
    // The magic number of the file system that the guest has made.
    assertFalse(stored[1024 + 56] == 0x53 && stored[1024 + 57] == (byte) 0xef, "ext4 is readable");
  }

  private void configure(String tuning) throws IOException {
    byte[] key = new byte[64];
    new SplittableRandom(7).nextBytes(key);
    DiskToml.write(folder, "", tuning, "copy_on_read = true", key);
  }
}
