package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Random reads and writes of a part of a disk, many in flight, none of them overlapping. Each is
 * checked against a model of the part.
 */
final class RandomLoad {

  private static final int LARGEST = 16;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private record Piece(long address, int length) {}

  private record Request(boolean write, int sector, int sectors, List<Piece> pieces) {}

  private final GuestMemory memory;
  private final AsyncQueue queue;
  private final int sectors;
  private final Random random;
  private final byte[] model;
  private final boolean[] known;
  private final BitSet busy = new BitSet();
  private final @Nullable Request[] inFlight;
  private int firstSector;

  RandomLoad(VhostBlkClient client, int queue, int bytes, long seed) {
    memory = client.memory();
    this.queue = client.queue(queue).async();
    sectors = bytes / 512;
    random = new Random(seed);
    model = new byte[bytes];
    known = new boolean[sectors];
    inFlight = new Request[this.queue.ring().layout().size()];
  }

  /** Makes the load begin at a place on the disk. */
  RandomLoad from(int byteOffset) {
    firstSector = byteOffset / 512;
    return this;
  }

  void run(int requests) {
    try {
      int submitted = 0;
      while (submitted < requests) {
        int batch = 1 + random.nextInt(20);
        while (batch-- > 0 && submitted < requests && submitOne()) {
          submitted++;
        }
        queue.kick();
        if (random.nextInt(3) == 0) {
          assertTrue(queue.await(PATIENCE), "nothing came back");
        }
        queue.poll(this::completed);
      }
      queue.drain(this::completed, PATIENCE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean submitOne() {
    int tag = freeTag();
    int count = 1 + random.nextInt(LARGEST);
    int sector = random.nextInt(sectors - count);
    if (tag < 0 || busy.get(sector, sector + count).cardinality() > 0) {
      return false;
    }
    boolean write = random.nextBoolean();
    Request request = request(write, sector, count);
    DescriptorList data = new DescriptorList();
    for (Piece piece : request.pieces) {
      data.add(piece.address, piece.length, write ? 0 : SplitRing.WRITE);
    }
    int type = write ? BlkRequest.OUT : BlkRequest.IN;
    if (!queue.submit(type, firstSector + sector, data, tag)) {
      free(request);
      return false;
    }
    if (write) {
      System.arraycopy(content(request), 0, model, sector * 512, count * 512);
      Arrays.fill(known, sector, sector + count, true);
    }
    inFlight[tag] = request;
    busy.set(sector, sector + count);
    return true;
  }

  private Request request(boolean write, int sector, int count) {
    // In a ring without indirect descriptors, header and status take two of them.
    int most = Math.min(4, queue.ring().layout().size() - 2);
    int wanted = 1 + random.nextInt(Math.min(most, count));
    List<Piece> pieces = new ArrayList<>();
    byte[] content = new byte[count * 512];
    random.nextBytes(content);
    int done = 0;
    for (int i = 1; i <= wanted; i++) {
      int length = i == wanted ? content.length - done : count / wanted * 512;
      Piece piece = new Piece(memory.allocate(length, 512), length);
      memory.write(piece.address, Arrays.copyOfRange(content, done, done + length));
      pieces.add(piece);
      done += length;
    }
    return new Request(write, sector, count, pieces);
  }

  private void completed(long tag, int status, long usedLength) {
    Request request = Objects.requireNonNull(inFlight[(int) tag]);
    inFlight[(int) tag] = null;
    busy.clear(request.sector, request.sector + request.sectors);
    assertEquals(BlkRequest.OK, status);
    if (!request.write) {
      check(request);
    }
    free(request);
  }

  private byte[] content(Request request) {
    byte[] content = new byte[request.sectors * 512];
    int done = 0;
    for (Piece piece : request.pieces) {
      System.arraycopy(memory.read(piece.address, piece.length), 0, content, done, piece.length);
      done += piece.length;
    }
    return content;
  }

  private void check(Request request) {
    byte[] content = content(request);
    for (int i = 0; i < request.sectors; i++) {
      int at = (request.sector + i) * 512;
      if (known[request.sector + i]
          && !Arrays.equals(content, i * 512, i * 512 + 512, model, at, at + 512)) {
        throw new AssertionError("sector " + (firstSector + request.sector + i) + " differs");
      }
    }
  }

  private int freeTag() {
    for (int i = 0; i < inFlight.length; i++) {
      if (inFlight[i] == null) {
        return i;
      }
    }
    return -1;
  }

  private void free(Request request) {
    request.pieces.forEach(piece -> memory.free(piece.address));
  }
}
