package io.ubiblk.examples.guest;

import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.crypto.Encryption;
import io.ubiblk.crypto.Secret;
import io.ubiblk.crypto.XtsKey;
import io.ubiblk.examples.NbdReader;
import io.ubiblk.nbd.NbdServer;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.ublk.UblkDevice;
import io.ubiblk.vhost.VhostUserBlk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * An encrypted, lazily filled disk that several frontends serve at the same time, and what it must
 * read as through each of them.
 */
public final class SameDisk implements AutoCloseable {

  private static final int SECTOR = 512;
  private static final int IMAGE_SIZE = 12 << 20;
  private static final int DISK_SIZE = 16 << 20;
  private static final int STRIPE = 256 << 10;
  private static final int WRITES = 200;
  private static final int LONGEST_WRITE = 100 << 10;
  private static final int PIECE = 64 << 10;

  private final Path folder;
  private final byte[] expected;
  private final ReactorGroup reactors;
  private VirtualDisk disk;

  /** Where a disk can be written. */
  private interface Writer {
    void write(long offset, byte[] data) throws IOException;
  }

  private SameDisk(Path folder) throws IOException {
    this.folder = folder;
    byte[] image = new byte[IMAGE_SIZE];
    new SplittableRandom(1).nextBytes(image);
    Files.write(folder.resolve("image"), image);
    expected = Arrays.copyOf(image, DISK_SIZE);
    reactors = ReactorGroup.start(ReactorOptions.of(2));
    disk = open();
  }

  /**
   * In a guest: writes through the kernel's block device while the other frontends serve the disk
   * too, and reads through all of them.
   *
   * @param args a folder to work in
   * @throws Exception if anything is not as it should be
   */
  public static void main(String[] args) throws Exception {
    try (SameDisk same = new SameDisk(Path.of(args[0]))) {
      try (UblkDevice device =
          UblkDevice.serve(same.disk).queues(2).reactors(same.reactors).start()) {
        // Stripes past the image are written whole: what was never written reads as anything.
        same.write(device.path());
        same.compareAll();
        same.compare("ublk", Files.readAllBytes(device.path()));
      }
      same.reopen();
      same.compareAll();
    }
    System.out.println("SAME");
  }

  /**
   * Writes through vhost-user-blk and reads through all frontends that need no driver.
   *
   * @param folder where to work
   * @throws Exception if anything is not as it should be
   */
  static void writeOverVhost(Path folder) throws Exception {
    try (SameDisk same = new SameDisk(folder)) {
      try (VhostUserBlk server = same.serveVhost();
          VhostBlkClient client = VhostBlkClient.connect(same.socket("vhost"))) {
        same.write((offset, data) -> client.queue(0).write(offset / SECTOR, data), server::state);
        client.queue(0).flush();
      }
      same.compareAll();
      same.reopen();
      same.compareAll();
    }
  }

  private void write(Path device) throws IOException {
    try (FileChannel channel = FileChannel.open(device, StandardOpenOption.WRITE)) {
      write((offset, data) -> channel.write(ByteBuffer.wrap(data), offset), channel::isOpen);
      channel.force(true);
    }
  }

  private void write(Writer writer, java.util.function.Supplier<Object> state) throws IOException {
    for (int at = IMAGE_SIZE; at < DISK_SIZE; at += PIECE) {
      change(writer, at, new byte[PIECE], at);
    }
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < WRITES; i++) {
      int sectors = 1 + random.nextInt(LONGEST_WRITE / SECTOR);
      int at = random.nextInt(DISK_SIZE / SECTOR - sectors + 1) * SECTOR;
      change(writer, at, new byte[sectors * SECTOR], i);
    }
    if (state.get().equals(false)) {
      throw new IOException("closed meanwhile");
    }
  }

  private void change(Writer writer, int at, byte[] data, long seed) throws IOException {
    new SplittableRandom(seed).nextBytes(data);
    writer.write(at, data);
    System.arraycopy(data, 0, expected, at, data.length);
  }

  /** Serves the disk over NBD and vhost at once, and reads it through both. */
  private void compareAll() throws Exception {
    try (NbdServer nbd = NbdServer.serve(disk).at(socket("nbd")).reactors(reactors).start();
        VhostUserBlk vhost = serveVhost()) {
      try (NbdReader client = NbdReader.connect(socket("nbd"))) {
        compare(nbd.toString(), client.readAll());
      }
      byte[] found = new byte[DISK_SIZE];
      try (VhostBlkClient client = VhostBlkClient.connect(socket("vhost"))) {
        for (int at = 0; at < DISK_SIZE; at += PIECE) {
          byte[] piece = client.queue(0).read(at / SECTOR, PIECE);
          System.arraycopy(piece, 0, found, at, PIECE);
        }
      }
      compare(vhost.toString(), found);
    }
  }

  private void compare(String through, byte[] found) throws IOException {
    int difference = Arrays.mismatch(expected, found);
    if (difference >= 0) {
      throw new IOException("read through " + through + ", byte " + difference + " differs");
    }
  }

  private VhostUserBlk serveVhost() throws IOException {
    return VhostUserBlk.serve(disk).at(socket("vhost")).reactors(reactors).start();
  }

  private void reopen() throws IOException {
    disk.close();
    disk = open();
  }

  private VirtualDisk open() throws IOException {
    byte[] bytes = new byte[64];
    new SplittableRandom(3).nextBytes(bytes);
    try (Secret secret = Secret.copyOf(bytes);
        XtsKey key = XtsKey.of(secret)) {
      return VirtualDisk.builder()
          .file(folder.resolve("disk"))
          .createIfMissing(DISK_SIZE)
          .storedThrough(Encryption.aesXts(key))
          .lazyFrom(folder.resolve("image"), folder.resolve("metadata"))
          .newStripeSize(STRIPE)
          .copyOnRead(true)
          .reactors(reactors)
          .build();
    }
  }

  private Path socket(String name) {
    return folder.resolve(name + ".sock");
  }

  @Override
  public void close() throws IOException {
    disk.close();
    reactors.close();
  }
}
