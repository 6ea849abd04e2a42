package io.ubiblk.examples.quickstart;

import io.ubiblk.api.Operation;
import io.ubiblk.api.OperationStatistics;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.blocking.BlockingAccess;
import io.ubiblk.core.source.RawImageSource;
import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.testkit.vhost.VhostBlkClient;
import io.ubiblk.vhost.VhostUserBlk;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Shows a lazy disk from nothing to verified. */
public final class QuickstartRunner implements Runner {

  private static final long SIZE = 128L << 20;
  private static final int PORTION = 1 << 20;
  private static final int QUEUES = 2;
  private static final Duration DISTANCE = Duration.ofMillis(120);

  private final CommandLine line =
      new CommandLine(
          "examples/run quickstart", "Makes a lazy disk, serves it, uses it and verifies it.");
  private final Option<Boolean> serve =
      line.flag("--serve", "leave the disk up at the end, until SIGINT or SIGTERM");
  private final Content content = new Content(SIZE);

  /** Creates the runner. */
  public QuickstartRunner() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws IOException, InterruptedException {
    Display display = Display.onStandardOutput();
    try (Workspace workspace = Workspace.create()) {
      makeImage(workspace.file("image.raw"), display);
      if (!serveDisk(workspace, arguments.isSet(serve), display, termination)) {
        display.print("Stopped.");
        return;
      }
      reopen(workspace, display);
    }
    display.print("");
    display.print("Done: every byte is as it should be, and everything has been cleaned up.");
    if (!arguments.isSet(serve)) {
      display.print("A virtual machine uses such a disk like this:");
      display.print("");
      display.print(
          "  examples/run vhost --file disk.raw --image image.raw --metadata disk.meta \\\n"
              + "      --copy-on-read --autofetch --queues 2 --socket /tmp/disk.sock");
      display.print(qemu(Path.of("/tmp/disk.sock")));
    }
  }

  private void makeImage(Path image, Display display) throws IOException {
    long begin = System.nanoTime();
    content.writeTo(image);
    display.step(
        "An image: "
            + (SIZE >> 20)
            + " MiB of a pattern in "
            + image
            + ", made in "
            + since(begin));
  }

  /** Returns whether everything was done, and not stopped before. */
  private boolean serveDisk(
      Workspace workspace, boolean stay, Display display, Termination termination)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    Path image = workspace.file("image.raw");
    Path socket = workspace.file("disk.sock");
    try (VirtualDisk disk =
            VirtualDisk.builder()
                .file(workspace.file("disk.raw"))
                .createIfMissing(SIZE)
                .lazyFrom(
                    () -> new DistantSource(RawImageSource.open(image), DISTANCE),
                    workspace.file("disk.meta"))
                .autofetch(true)
                .build();
        VhostUserBlk server = VhostUserBlk.serve(disk).at(socket).queues(QUEUES).start()) {
      display.step("A lazy disk over it, served on " + socket + " after " + since(begin));
      try (VhostBlkClient client = VhostBlkClient.connect(socket)) {
        use(new Demonstration(disk, client, content, display, termination), display, termination);
      }
      if (termination.isRequested()) {
        return false;
      }
      show(disk, display);
      NetworkView.show(disk, workspace.file("disk.nbd"), display);
      if (stay) {
        display.print("");
        display.print("The disk stays up until you press Ctrl-C. A virtual machine uses it so:");
        display.print(qemu(socket));
        termination.await();
        display.print("Ending in order, in state " + server.state() + ".");
      }
    }
    return true;
  }

  private static void use(Demonstration demonstration, Display display, Termination termination)
      throws IOException {
    display.step(
        "Reads of 4 KiB at random, 32 at a time, while the disk fills; the source answers after "
            + DISTANCE.toMillis()
            + " ms, as if it were far away");
    demonstration.readWhileFilling();
    if (!termination.isRequested()) {
      display.step("Reads and writes, half and half; all stripes are on the disk");
      demonstration.readAndWrite();
    }
    if (!termination.isRequested()) {
      long begin = System.nanoTime();
      demonstration.verify();
      display.step("Every byte read back through the socket and compared, in " + since(begin));
    }
  }

  private static void show(VirtualDisk disk, Display display) {
    for (Operation operation : new Operation[] {Operation.READ, Operation.WRITE}) {
      OperationStatistics statistics = disk.statistics().of(operation);
      display.note(
          String.format(
              "the disk's own count: %-5s %,9d requests, %,6d MiB, p50 %.1f us",
              operation,
              statistics.completed(),
              statistics.bytes() >> 20,
              statistics.latency().percentile(0.5) / 1e3));
    }
  }

  private void reopen(Workspace workspace, Display display) throws IOException {
    Files.delete(workspace.file("image.raw"));
    long begin = System.nanoTime();
    try (VirtualDisk disk =
            VirtualDisk.builder()
                .file(workspace.file("disk.raw"))
                .lazyFrom(workspace.file("image.raw"), workspace.file("disk.meta"))
                .build();
        BlockingAccess access = disk.access();
        Arena arena = Arena.ofShared()) {
      MemorySegment portion = arena.allocate(PORTION, Content.BLOCK);
      for (long offset = 0; offset < SIZE; offset += PORTION) {
        access.read(offset, portion);
        content.verify((int) (offset / Content.BLOCK), portion);
      }
    }
    display.step(
        "Opened again without the image, which is no longer needed, and compared, in "
            + since(begin));
  }

  private static String qemu(Path socket) {
    return """

      qemu-system-x86_64 -machine q35,accel=kvm,memory-backend=mem -m 1G -smp 2 \\
          -object memory-backend-memfd,id=mem,size=1G,share=on \\
          -chardev socket,id=disk,path=%s \\
          -device vhost-user-blk-pci,chardev=disk,num-queues=%d \\
          -nographic -cdrom YOUR-INSTALLER.iso
    """
        .formatted(socket, QUEUES)
        .stripTrailing();
  }

  private static String since(long beginNanos) {
    return String.format("%.2f s", (System.nanoTime() - beginNanos) / 1e9);
  }
}
