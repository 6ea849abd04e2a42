package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Operation;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.StripeSource;
import io.ubiblk.core.AllocationLoad;
import io.ubiblk.core.AllocationLoad.Issue;
import io.ubiblk.core.Loops;
import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.metadata.MetadataLayout;
import io.ubiblk.core.metadata.StripeMetadata;
import io.ubiblk.core.source.RawImageSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A read of stripes that are not on the disk allocates nothing. One thread is the channel's reactor
 * and the disk's home, so that what is counted is the whole way of a request: through the channel,
 * to the image or the coordinator, and back. What is not counted, because it happens once for a
 * stripe and not for each request: a fetch, which runs on a thread of its own; and changes of
 * stripes that are not on the disk, each of which fetches or replaces a stripe.
 */
class LazyAllocationTest {

  private static final int SHIFT = 7;
  private static final int STRIPE = 512 << SHIFT;
  private static final int STRIPES = 16;
  private static final int SIZE = STRIPES * STRIPE;
  private static final int REQUESTS = 50_000;

  private static final Issue READ = (c, data, n) -> c.read(n % (SIZE / 4096) * 4096L, data, n);
  private static final Issue READ_ACROSS =
      (c, data, n) -> c.read((n % (STRIPES - 1) + 1L) * STRIPE - 2048, data, n);

  @TempDir Path directory;

  private final ScatterList data = ScatterList.of(Arena.ofAuto().allocate(4096, 4096));

  /** A source in memory, with a device underneath. */
  private record Zeros(BlockDevice image) implements StripeSource {
    @Override
    public long size() {
      return SIZE;
    }

    @Override
    public void read(long offset, MemorySegment dst) {
      dst.fill((byte) 0);
    }

    @Override
    public Optional<BlockDevice> device() {
      return Optional.of(image);
    }

    @Override
    public void close() throws IOException {
      image.close();
    }
  }

  private static LazyDevice open(
      EventLoop loop, BlockDevice data, StripeSource source, LazyOptions options)
      throws IOException {
    StripeMetadata metadata = StripeMetadata.initial(SIZE, SHIFT, source);
    MemoryDevice file = new MemoryDevice(MetadataLayout.fileSize(STRIPES));
    return LazyDevice.assemble(data, file, metadata, source, loop, options);
  }

  private static void close(LazyDevice lazy, EventLoop loop) throws IOException {
    lazy.close(
        stopped -> {
          while (!stopped.isDone()) {
            loop.turn();
          }
        });
  }

  private void expectNothing(String what, EventLoop loop, LazyDevice lazy, Issue issue)
      throws Exception {
    AllocationLoad.expectNothing(what, loop, lazy, issue, data, REQUESTS, false);
  }

  private void expectNothingWithoutCopying(StripeSource source) throws Exception {
    LazyOptions options = LazyOptions.DEFAULT.withCopyOnRead(false);
    try (EventLoop loop = Loops.ring()) {
      LazyDevice lazy = open(loop, new MemoryDevice(SIZE), source, options);
      expectNothing("reading the image", loop, lazy, READ);
      expectNothing("reading the image across stripes", loop, lazy, READ_ACROSS);
      assertEquals(0, lazy.progress().fetched());
      close(lazy, loop);
    }
  }

  @Test
  void aReadOfTheImageAllocatesNothing() throws Exception {
    expectNothingWithoutCopying(new Zeros(new MemoryDevice(SIZE)));
  }

  @Test
  void aReadOfAnImageFileAllocatesNothing() throws Exception {
    Path image = directory.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(SIZE);
    }
    expectNothingWithoutCopying(RawImageSource.open(image));
  }

  @Test
  void aReadFromDiskAndImageAllocatesNothing() throws Exception {
    LazyOptions options = LazyOptions.DEFAULT.withCopyOnRead(false);
    try (EventLoop loop = Loops.ring()) {
      StripeSource source = new Zeros(new MemoryDevice(SIZE));
      LazyDevice lazy = open(loop, new MemoryDevice(SIZE), source, options);
      Issue prefetch = (c, d, n) -> c.prefetch(n % (STRIPES / 2) * 2L * STRIPE, STRIPE, n);
      AllocationLoad.expectNothing("prefetching", loop, lazy, prefetch, data, REQUESTS, false);
      assertEquals(STRIPES / 2, lazy.progress().fetched());
      expectNothing("reading from both", loop, lazy, READ_ACROSS);
      assertEquals(STRIPES / 2, lazy.progress().fetched());
      close(lazy, loop);
    }
  }

  @Test
  void aReadThatABufferAnswersAllocatesNothing() throws Exception {
    expectNothingWhileHeldUp(Operation.WRITE, STRIPES);
  }

  @Test
  void aReadOfWhatIsNotDurableYetAllocatesNothing() throws Exception {
    expectNothingWhileHeldUp(Operation.FLUSH, 1);
  }

  private void expectNothingWhileHeldUp(Operation held, int waiting) throws Exception {
    try (EventLoop loop = Loops.ring()) {
      HeldUpDevice disk = new HeldUpDevice(new MemoryDevice(SIZE), held);
      StripeSource source = new Zeros(new MemoryDevice(SIZE));
      LazyDevice lazy = open(loop, disk, source, LazyOptions.DEFAULT);
      expectNothing("reading what is held up", loop, lazy, READ);
      assertEquals(waiting, disk.waiting());
      assertEquals(0, lazy.progress().fetched());
      disk.release();
      close(lazy, loop);
    }
  }
}
