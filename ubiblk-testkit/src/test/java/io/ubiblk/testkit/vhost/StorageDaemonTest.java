package io.ubiblk.testkit.vhost;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The driver with a backend that somebody else wrote, where one is installed. */
class StorageDaemonTest implements BackendScenarios {

  private static final String PROGRAM = "qemu-storage-daemon";

  @TempDir Path folder;
  private Process daemon;

  @BeforeEach
  void start() throws IOException {
    boolean installed =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, PROGRAM)));
    assumeTrue(installed, PROGRAM + " is not installed");
    Path image = folder.resolve("disk.raw");
    Files.write(image, new byte[DISK]);
    List<String> command =
        List.of(
            PROGRAM,
            "--blockdev",
            "driver=file,node-name=n,discard=unmap,filename=" + image,
            "--export",
            "type=vhost-user-blk,id=e,addr.type=unix,addr.path="
                + socket()
                + ",node-name=n,writable=on,num-queues=4");
    daemon = new ProcessBuilder(command).inheritIO().start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (daemon != null) {
      daemon.destroyForcibly().waitFor();
    }
  }

  @Override
  public boolean servesRingsWithoutCall() {
    return false;
  }

  @Override
  public Path socket() {
    return folder.resolve("blk.sock");
  }

  @Override
  public String name() {
    return "vhost_user_blk";
  }
}
