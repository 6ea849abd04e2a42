package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.BlkRequest;
import io.ubiblk.testkit.vhost.Completion;
import io.ubiblk.testkit.vhost.DescriptorList;
import io.ubiblk.testkit.vhost.GuestMemory;
import io.ubiblk.testkit.vhost.GuestRegion;
import io.ubiblk.testkit.vhost.SectorRange;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A whole disk: guest memory of every shape, through a server, to a file. */
class FileDiskTest {

  private static final long SEED = 20261121;
  private static final int SECTORS = (int) (Rig.SIZE / 512);

  @TempDir Path folder;
  private final Random random = new Random(SEED);

  @ParameterizedTest
  @CsvSource({"RING, false", "RING, true", "EPOLL, false", "EPOLL, true"})
  void whatAGuestWritesIsInTheFile(ReactorOptions.Kind kind, boolean direct) throws Exception {
    Path file = folder.resolve("disk.raw");
    RawFileOptions options = RawFileOptions.DEFAULT.withDirect(direct);
    byte[] model = new byte[(int) Rig.SIZE];
    try (Rig rig =
            new Rig(folder, kind, Rig.over(RawFileDevice.create(file, Rig.SIZE, options)), b -> b);
        GuestMemory memory = new GuestMemory()) {
      GuestRegion left = memory.addRegion(0x1000000, 8 << 20);
      memory.addRegion(left.end(), 8 << 20);
      try (VhostBlkClient client = rig.connect(o -> o.withMemory(memory))) {
        long buffer = memory.allocateAcross(left, 2 << 20, 4 << 20);
        for (int round = 0; round < 150; round++) {
          step(client, memory, buffer + random.nextInt(4096), model);
        }
        assertArrayEquals(model, client.queue(0).read(0, model.length));
        client.queue(0).flush();
      }
    }
    assertArrayEquals(model, Files.readAllBytes(file));
  }

  private void step(VhostBlkClient client, GuestMemory memory, long buffer, byte[] model)
      throws Exception {
    int sector = random.nextInt(SECTORS);
    int most = Math.min(SECTORS - sector, random.nextInt(8) == 0 ? SECTORS : 64);
    int from = sector * 512;
    int length = 512 * (1 + random.nextInt(most));
    Pieces pieces = new Pieces(buffer, length, random);
    switch (random.nextInt(4)) {
      case 0 -> {
        Completion done = client.queue(0).execute(BlkRequest.IN, sector, pieces.list(true));
        assertEquals(new Completion(done.tag(), 0, length + 1L), done);
        byte[] expected = Arrays.copyOfRange(model, from, from + length);
        assertArrayEquals(expected, pieces.read(memory));
      }
      case 1 -> {
        client.queue(0).writeZeroes(new SectorRange(sector, length / 512, BlkRequest.UNMAP));
        Arrays.fill(model, from, from + length, (byte) 0);
      }
      default -> {
        byte[] content = new byte[length];
        random.nextBytes(content);
        pieces.write(memory, content);
        Completion done = client.queue(0).execute(BlkRequest.OUT, sector, pieces.list(false));
        assertEquals(new Completion(done.tag(), 0, 1), done);
        System.arraycopy(content, 0, model, from, length);
      }
    }
  }

  /** Data in one piece, in a few, or in thousands, none of which continues another. */
  private static final class Pieces {
    private static final int MOST = 5000;

    private final List<int[]> pieces = new ArrayList<>();
    private final long buffer;

    Pieces(long buffer, int length, Random random) {
      this.buffer = buffer;
      int[] usual = {length, length / 3 + 1, 700, 100, 9};
      int size = Math.max(usual[random.nextInt(usual.length)], length / MOST + 1);
      for (int done = 0, at = 0; done < length; ) {
        int take = Math.min(length - done, 1 + random.nextInt(2 * size));
        pieces.add(new int[] {at, take});
        done += take;
        at += take + random.nextInt(2);
      }
    }

    DescriptorList list(boolean writable) {
      DescriptorList list = new DescriptorList();
      for (int[] piece : pieces) {
        if (writable) {
          list.writable(buffer + piece[0], piece[1]).writable(0, 0);
        } else {
          list.readable(buffer + piece[0], piece[1]).readable(0, 0);
        }
      }
      return list;
    }

    byte[] read(GuestMemory memory) {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      for (int[] piece : pieces) {
        content.writeBytes(memory.read(buffer + piece[0], piece[1]));
      }
      return content.toByteArray();
    }

    void write(GuestMemory memory, byte[] content) {
      int done = 0;
      for (int[] piece : pieces) {
        memory.write(buffer + piece[0], Arrays.copyOfRange(content, done, done + piece[1]));
        done += piece[1];
      }
    }
  }
}
