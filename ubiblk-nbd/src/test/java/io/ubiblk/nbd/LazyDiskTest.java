package io.ubiblk.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.core.VirtualDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A lazily filled disk, as the clients of Debian see it. */
@Timeout(300)
class LazyDiskTest {

  private static final int MIB = 1 << 20;
  private static final int IMAGE_SIZE = 4 * MIB;
  private static final int DISK_SIZE = 8 * MIB;

  @TempDir Path folder;
  private final byte[] expected = new byte[DISK_SIZE];
  private Rig rig;
  private String uri;

  @BeforeEach
  void start() throws IOException {
    byte[] image = new byte[IMAGE_SIZE];
    new Random(1).nextBytes(image);
    System.arraycopy(image, 0, expected, 0, IMAGE_SIZE);
    Files.write(folder.resolve("image"), image);
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve("disk").toFile(), "rw")) {
      file.setLength(DISK_SIZE);
    }
    VirtualDisk disk =
        VirtualDisk.builder()
            .file(folder.resolve("disk"))
            .lazyFrom(folder.resolve("image"), folder.resolve("metadata"))
            .newStripeSize(MIB)
            .copyOnRead(true)
            .build();
    rig = new Rig(folder, disk, b -> b.limits(NbdLimits.DEFAULT));
    uri = "nbd+unix:///?socket=" + rig.socket;
  }

  @AfterEach
  void stop() throws IOException {
    rig.close();
  }

  @Test
  void whatIsStillInTheImageIsDataAndWhatWasDiscardedIsAHole() throws Exception {
    Program.require("nbdinfo", "libnbd-bin");
    assertEquals("0 4194304 0 data\n 4194304 4194304 3 hole,zero", map());
    nbdsh("h.pwrite(b'x' * 4096, 6 * 1048576)\nh.pread(4096, 0)\nh.flush()\n");
    // The rest of what was written is a hole in the file, but the stripe is the disk's now.
    assertEquals(
        "0 4194304 0 data\n 4194304 2097152 3 hole,zero\n 6291456 4096 0 data\n"
            + " 6295552 2093056 3 hole,zero",
        map());
    nbdsh("h.trim(1048576, 1048576)\nh.trim(1048576, 0)\nh.flush()\n");
    assertEquals(
        "0 2097152 3 hole,zero\n 2097152 2097152 0 data\n 4194304 2097152 3 hole,zero\n"
            + " 6291456 4096 0 data\n 6295552 2093056 3 hole,zero",
        map());
  }

  @Test
  void copiesAreWhole() throws Exception {
    Program.require("nbdcopy", "libnbd-bin");
    Program.require("qemu-img", "qemu-utils");
    nbdsh("h.pwrite(b'x' * 8192, 1048576 - 4096)\nh.cache(1048576, 2097152)\n");
    Arrays.fill(expected, MIB - 4096, MIB + 4096, (byte) 'x');
    Path copy = folder.resolve("copy");
    Program.output("nbdcopy", "--connections=2", uri, copy.toString());
    assertArrayEquals(expected, Files.readAllBytes(copy));
    Program.output("qemu-img", "compare", "-f", "raw", "-F", "raw", uri, copy.toString());
  }

  private void nbdsh(String script) throws Exception {
    Program.require("nbdsh", "python3-libnbd");
    Program.output("nbdsh", "-u", uri, "-c", script);
  }

  private String map() throws Exception {
    return Program.output("nbdinfo", "--map", uri).replaceAll(" +", " ").strip();
  }
}
