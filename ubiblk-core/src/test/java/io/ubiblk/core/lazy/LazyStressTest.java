package io.ubiblk.core.lazy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Geometry;
import io.ubiblk.core.Loops;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.VirtualDiskBuilder;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.DiskModel;
import io.ubiblk.testkit.LoopDriver;
import io.ubiblk.testkit.PatternSource;
import io.ubiblk.testkit.RandomLoad;
import io.ubiblk.testkit.SeededRandom;
import io.ubiblk.testkit.Seeds;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two threads use a disk in files while it is filled; it holds what they wrote, also later. */
class LazyStressTest {

  private static final int SIZE = 24 * 1024 * 1024 + 512 * 3;
  private static final int IMAGE_SIZE = SIZE - 3 * 1024 * 1024;
  private static final int THREADS = 2;
  private static final int OPERATIONS = 500;
  private static final int MOST_ROUNDS = 12;
  private static final long MOST_NANOS = 4_000_000_000L;

  @TempDir Path directory;

  @Test
  void disksFilledUnderLoadHoldWhatWasWritten() {
    Seeds.check(
        random -> {
          for (boolean copyOnRead : new boolean[] {true, false}) {
            for (boolean autofetch : new boolean[] {true, false}) {
              use(random, copyOnRead, autofetch);
            }
          }
        });
  }

  private void use(SeededRandom random, boolean copyOnRead, boolean autofetch) throws Exception {
    Path image = directory.resolve("image");
    byte[] base = new byte[SIZE];
    new PatternSource(random.nextLong(), IMAGE_SIZE).fill(0, MemorySegment.ofArray(base));
    Files.write(image, Arrays.copyOf(base, IMAGE_SIZE));
    Files.deleteIfExists(directory.resolve("disk"));
    Files.deleteIfExists(directory.resolve("metadata"));
    boolean tracked = random.chance(0.5);
    List<DiskModel> models = new ArrayList<>();
    try (ReactorGroup homes =
        ReactorGroup.start(ReactorOptions.of(1).withKind(ReactorOptions.Kind.RING))) {
      VirtualDiskBuilder builder =
          builder(image).reactors(homes).copyOnRead(copyOnRead).trackWritten(tracked);
      try (VirtualDisk disk = builder.autofetch(autofetch).build()) {
        List<FutureTask<DiskModel>> users = new ArrayList<>();
        for (int lane = 0; lane < THREADS; lane++) {
          int mine = lane;
          SeededRandom own = random.split();
          FutureTask<DiskModel> user = new FutureTask<>(() -> load(disk, base, own, mine));
          users.add(user);
          Thread.ofPlatform().name("stress-" + lane).start(user);
        }
        for (FutureTask<DiskModel> user : users) {
          models.add(user.get());
        }
      }
    }
    verify(image, models);
  }

  private VirtualDiskBuilder builder(Path image) {
    return VirtualDisk.builder()
        .file(directory.resolve("disk"))
        .createIfMissing(SIZE)
        .lazyFrom(image, directory.resolve("metadata"))
        .newStripeSize(64 * 1024);
  }

  private static DiskModel load(VirtualDisk disk, byte[] base, SeededRandom random, int lane)
      throws Exception {
    DiskModel model = new DiskModel(0, base, false);
    EventLoop loop = Loops.ring();
    Arena arena = Arena.ofShared();
    long end = System.nanoTime() + MOST_NANOS;
    try (ChannelDriver channel = ChannelDriver.open(disk, new LoopDriver(loop), 32)) {
      RandomLoad load = new RandomLoad(disk, channel, model, random, arena).inLane(lane, THREADS);
      for (int round = 0; round < MOST_ROUNDS && System.nanoTime() < end; round++) {
        load.run(OPERATIONS);
      }
      load.verify();
      assertEquals(0, channel.flush());
    }
    // Not if anything went wrong: the memory may still be in use.
    loop.close();
    arena.close();
    return model;
  }

  /** Each thread had every other group of eight blocks. */
  private void verify(Path image, List<DiskModel> models) throws Exception {
    int group = 8 * Geometry.SECTOR;
    try (VirtualDisk disk = builder(image).build();
        BlockingAccess access = disk.access()) {
      byte[] content = access.read(0, SIZE);
      for (int at = 0; at < SIZE; at += group) {
        int length = Math.min(group, SIZE - at);
        byte[] part = Arrays.copyOfRange(content, at, at + length);
        models.get(at / group % THREADS).check(at, part);
      }
      assertArrayEquals(content, access.read(0, SIZE));
    }
  }
}
