package io.ubiblk.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.core.memory.MemoryDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.testkit.vhost.VhostBlkOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many disks in one process. */
class ManyServersTest {

  private static final int SERVERS = 100;

  @TempDir Path folder;

  /** A disk with its server and its guest. */
  private record Disk(MemoryDevice device, VhostUserBlk server, VhostBlkClient client) {}

  private List<Disk> open(ReactorGroup group) throws Exception {
    List<Disk> disks = new ArrayList<>();
    for (int i = 0; i < SERVERS; i++) {
      MemoryDevice device = new MemoryDevice(1 << 20);
      Path socket = folder.resolve(i + ".sock");
      VhostUserBlk server = VhostUserBlk.serve(device).at(socket).reactors(group).start();
      VhostBlkOptions options = VhostBlkOptions.at(socket).withMemorySize(1 << 20);
      disks.add(new Disk(device, server, VhostBlkClient.connect(options)));
    }
    return disks;
  }

  private static void work(List<Disk> disks) throws Exception {
    for (int i = 0; i < SERVERS; i++) {
      byte[] data = new byte[512];
      data[0] = (byte) i;
      disks.get(i).client().queue(0).write(i, data);
    }
    for (int i = 0; i < SERVERS; i++) {
      byte[] data = new byte[512];
      data[0] = (byte) i;
      assertArrayEquals(data, disks.get(i).client().queue(0).read(i, 512), "disk " + i);
      assertArrayEquals(
          new byte[512], disks.get(i).client().queue(0).read(i + 1, 512), "disk " + i);
    }
  }

  private static void close(List<Disk> disks) throws Exception {
    for (int i = 0; i < SERVERS; i++) {
      Disk disk = disks.get(i);
      // Either side may be the first to go.
      if (i % 2 == 0) {
        disk.client().close();
        disk.server().close();
      } else {
        disk.server().close();
        disk.client().close();
      }
      disk.device().close();
    }
  }

  @Test
  void aHundredServersWorkAndCostNothingWhileTheyAreQuiet() throws Exception {
    try (ReactorGroup group = ReactorGroup.start(ReactorOptions.of(2))) {
      close(open(group));
      // Memory is unmapped beside the session's end.
      Await.until(() -> Processes.guestMappings() == 0);
      var descriptors = Processes.descriptors();
      var threads = Processes.threads();
      List<Disk> disks = open(group);
      work(disks);
      assertTrue(Processes.threads().size() <= threads.size() + 2, Processes.threads().toString());
      Thread.sleep(300);
      long before = Processes.cpuNanos();
      Thread.sleep(1000);
      long used = Processes.cpuNanos() - before;
      assertTrue(used <= 50_000_000, "processor time of quiet servers in a second: " + used);
      work(disks);
      close(disks);
      Await.until(() -> Processes.descriptors().equals(descriptors));
      Await.until(() -> Processes.guestMappings() == 0);
      Await.until(() -> Processes.threads().size() <= threads.size());
    }
    Await.until(
        () -> Processes.threads().stream().noneMatch(name -> name.startsWith("ubiblk-reactor")));
  }
}
