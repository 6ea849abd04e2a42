package io.ubiblk.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.EventLoop;
import io.ubiblk.api.Status;
import io.ubiblk.core.Loops;
import io.ubiblk.core.Root;
import io.ubiblk.testkit.ChannelDriver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sparse disk on a file system that has less room than the disk. Needs to mount one. */
class FullFileSystemTest {

  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @Test
  void aFullFileSystemIsAnErrorThatPasses() throws Exception {
    Root.run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", directory.toString());
    try (EventLoop loop = Loops.ring();
        RawFileDevice device =
            RawFileDevice.create(directory.resolve("disk"), 8 * MIB, RawFileOptions.DEFAULT);
        ChannelDriver channel = ChannelDriver.open(device, loop, 4)) {
      MemorySegment memory = Arena.ofAuto().allocate(MIB).fill((byte) 7);
      assertEquals(Status.OK, channel.write(0, memory));
      assertEquals(Status.OK, channel.write(MIB, memory.asSlice(0, MIB / 2)));
      assertEquals(Status.ENOSPC, channel.write(4 * MIB, memory));
      assertEquals(Status.OK, channel.read(0, memory));
      assertEquals(Status.OK, channel.flush());
      assertEquals(Status.OK, channel.discard(0, 8 * MIB));
      assertEquals(Status.OK, channel.write(4 * MIB, memory));
    } finally {
      Root.run("umount", directory.toString());
    }
  }
}
