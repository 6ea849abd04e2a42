package io.ubiblk.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.EventLoop;
import io.ubiblk.api.ScatterList;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.core.linux.Memory;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.ChannelDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Memory of another process that is not there any more. In compiled code the error of an access
 * comes late; it must strike the copy that made it, and nothing else.
 */
class VanishedMemoryTest {

  private static final int LISTS = 8;
  private static final int ROUNDS = 60;

  @TempDir Path directory;

  /** Mapped memory that can be cut short behind the back of whoever uses it. */
  private final class Shared implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final OpenFile file;
    private final MemorySegment segment;

    Shared(long size) throws Exception {
      file = OpenFile.open(directory.resolve("m"), OpenFile.READ_WRITE | OpenFile.CREATE);
      Files.delete(directory.resolve("m"));
      file.truncate(size);
      segment = Memory.map(file.fd(), 0, size, arena);
    }

    void truncate(long size) throws Exception {
      file.truncate(size);
    }

    @Override
    public void close() {
      arena.close();
      file.close();
    }
  }

  /** How lists are copied. */
  private interface Copy {
    boolean run(ScatterList list, MemorySegment own);
  }

  private static boolean[] copyAll(ScatterList[] lists, MemorySegment own, Copy copy) {
    boolean[] results = new boolean[lists.length];
    for (int i = 0; i < lists.length; i++) {
      results[i] = copy.run(lists[i], own);
    }
    return results;
  }

  private void assertOnlyTheVictimFails(Copy copy) throws Exception {
    MemorySegment own = Arena.ofAuto().allocate(512);
    for (int round = 0; round < ROUNDS; round++) {
      Shared[] memories = new Shared[LISTS];
      ScatterList[] lists = new ScatterList[LISTS];
      for (int i = 0; i < LISTS; i++) {
        memories[i] = new Shared(4096);
        lists[i] = new ScatterList();
        lists[i].add(memories[i].segment, 64, 300);
        lists[i].add(memories[i].segment, 1000, 212);
      }
      // Only compiled code is late with its faults.
      for (int i = 0; i < (round == 0 ? 100_000 : 100); i++) {
        copyAll(lists, own, copy);
      }
      int victim = round % LISTS;
      memories[victim].truncate(0);
      boolean[] results = copyAll(lists, own, copy);
      for (int i = 0; i < LISTS; i++) {
        assertEquals(i != victim, results[i], "list " + i + " of round " + round);
        memories[i].close();
      }
    }
  }

  @Test
  void copyingOutOfVanishedMemoryFailsWhereItIsDone() throws Exception {
    assertOnlyTheVictimFails((list, own) -> list.copyTo(0, own, 0, 512));
  }

  @Test
  void copyingIntoVanishedMemoryFailsWhereItIsDone() throws Exception {
    assertOnlyTheVictimFails((list, own) -> list.copyFrom(0, own, 0, 512));
  }

  @Test
  void fillingVanishedMemoryFailsWhereItIsDone() throws Exception {
    assertOnlyTheVictimFails((list, own) -> list.fill(0, 512, (byte) 1));
  }

  @Test
  void aReadThroughABufferIntoVanishedMemoryEndsOnceAndFreesItsSlot() throws Exception {
    RawFileOptions direct = RawFileOptions.DEFAULT.withDirect(true);
    MemorySegment good = Arena.ofAuto().allocate(512);
    for (EventLoop each : List.of(Loops.ring(), Loops.epoll())) {
      try (EventLoop loop = each;
          RawFileDevice device =
              RawFileDevice.create(directory.resolve(loop + ""), 1 << 20, direct);
          ChannelDriver channel = ChannelDriver.open(device, loop, 2)) {
        for (int i = 0; i < 20_000; i++) {
          assertEquals(Status.OK, channel.read(512, good));
        }
        for (int round = 0; round < ROUNDS; round++) {
          try (Shared memory = new Shared(8192)) {
            MemorySegment odd = memory.segment.asSlice(4096 + 1, 512);
            assertEquals(Status.OK, channel.read(512, odd));
            memory.truncate(4096);
            assertEquals(Status.EFAULT, channel.read(512, odd));
            assertEquals(Status.OK, channel.read(512, good));
          }
        }
      }
    }
  }
}
