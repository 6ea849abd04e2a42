package io.ubiblk.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Status;
import io.ubiblk.core.linux.Descriptor;
import io.ubiblk.core.linux.OpenFile;
import io.ubiblk.testkit.ChannelDriver;
import io.ubiblk.testkit.IoRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the kernel tells once for each open file reaches every channel, and every flush. */
class FlushesTest {

  private static final int SIZE = 1 << 20;

  @TempDir Path directory;

  private static final class Syncs implements ScriptedPort.Script {
    private final List<OpenFile> files = new ArrayList<>();
    private final List<Integer> results = new ArrayList<>();

    @Override
    public long transfer(boolean write, long offset, long length) {
      return length;
    }

    @Override
    public void synced(OpenFile file) {
      files.add(file);
    }

    @Override
    public int control(String operation) {
      return results.isEmpty() ? 0 : results.removeFirst();
    }
  }

  private final Syncs syncs = new Syncs();

  @Test
  void everyChannelHearsOfAFailedWritebackOnItsOwn() throws Exception {
    Path path = directory.resolve("disk");
    try (ScriptedReactor loop = ScriptedReactor.ring(syncs);
        RawFileDevice device = RawFileDevice.create(path, SIZE, RawFileOptions.DEFAULT)) {
      try (ChannelDriver one = ChannelDriver.open(device, loop, 2);
          ChannelDriver other = ChannelDriver.open(device, loop, 2)) {
        assertEquals(Status.OK, one.flush());
        assertEquals(Status.OK, other.flush());
        assertEquals(Status.OK, one.flush());
        OpenFile ofOne = syncs.files.get(0);
        OpenFile ofOther = syncs.files.get(1);
        assertNotSame(ofOne, ofOther);
        assertNotSame(device.file(), ofOne);
        assertNotSame(device.file(), ofOther);
        assertEquals(ofOne, syncs.files.get(2));
        String target = path.toRealPath().toString();
        assertEquals(target, Descriptor.target(ofOne.fd()));
        assertEquals(target, Descriptor.target(ofOther.fd()));
      }
      syncs.files.forEach(f -> assertFalse(Descriptor.target(f.fd()).endsWith("/disk")));
    }
  }

  @Test
  void flushesThatComeMeanwhileShareTheNextOneAndItsFailure() throws Exception {
    Path path = directory.resolve("disk");
    try (ScriptedReactor loop = ScriptedReactor.ring(syncs);
        RawFileDevice device = RawFileDevice.create(path, SIZE, RawFileOptions.DEFAULT);
        ChannelDriver channel = ChannelDriver.open(device, loop, 8)) {
      syncs.results.addAll(List.of(0, -Status.EIO));
      List<IoRequest> flushes = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        flushes.add(channel.issue(IoRequest.flush()));
      }
      channel.submit();
      channel.awaitAll();
      assertEquals(Status.OK, flushes.getFirst().status());
      flushes.subList(1, 4).forEach(flush -> assertEquals(Status.EIO, flush.status()));
      assertEquals(2, syncs.files.size());
      assertTrue(channel.flush() == Status.OK);
    }
  }
}
