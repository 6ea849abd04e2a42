package io.ubiblk.examples.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.Frontend;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.lazy.FetchProgress;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.testkit.guest.Guest;
import io.ubiblk.testkit.guest.GuestTools;
import io.ubiblk.testkit.guest.MissingToolException;
import io.ubiblk.vhost.VhostUserBlk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/**
 * A Linux guest on a lazy disk with two queues: it reads the image, makes a file system over it,
 * fills, trims and checks it, starts anew and checks it again; then the disk is closed and opened,
 * and the guest checks once more.
 */
final class GuestIT {

  private static final long DISK_SIZE = 384L << 20;
  private static final int IMAGE_MIB = 48;
  private static final int FILES_WITH_KVM = 4000;
  private static final int FILES_EMULATED = 2000;
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Path TARGET = Path.of("target").toAbsolutePath();

  private static GuestTools tools;
  private static byte[] image;
  private static Path initramfs;

  private Path folder;
  private Path socketFolder;

  @BeforeAll
  static void prepare() throws IOException, InterruptedException {
    try {
      tools = GuestTools.find(Initramfs.PROGRAMS);
      image = new byte[IMAGE_MIB << 20];
      new SplittableRandom(2).nextBytes(image);
      initramfs = TARGET.resolve("guest.cpio");
      int files = tools.kvm() ? FILES_WITH_KVM : FILES_EMULATED;
      Initramfs.write(initramfs, tools, files, image, 2);
    } catch (MissingToolException e) {
      throw unavailable(e);
    }
  }

  /** Skips the tests where a user runs them, and fails them where they must not be skipped. */
  private static RuntimeException unavailable(MissingToolException e) {
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError("this must not be skipped here: " + e.getMessage());
    }
    return new TestAbortedException(e.getMessage());
  }

  @BeforeEach
  void createFolders() throws IOException {
    // Not where temporary files are: that may be memory, which takes no direct transfers.
    folder = Files.createTempDirectory(Files.createDirectories(TARGET), "guest-");
    socketFolder = Files.createTempDirectory("guest-");
    Files.write(folder.resolve("image"), image);
  }

  @AfterEach
  void deleteFolders() throws IOException {
    for (Path root : new Path[] {folder, socketFolder}) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  @Test
  void guestKeepsItsFilesOnTheRingReactor() throws Exception {
    installAndCheck(new Variant(ReactorOptions.Kind.RING, false, true));
  }

  @Test
  void guestKeepsItsFilesWithoutThePageCache() throws Exception {
    installAndCheck(new Variant(ReactorOptions.Kind.RING, true, true));
  }

  @Test
  void guestKeepsItsFilesOnTheEpollReactor() throws Exception {
    installAndCheck(new Variant(ReactorOptions.Kind.EPOLL, false, true));
  }

  @Test
  void guestKeepsItsFilesWithoutCopyOnRead() throws Exception {
    installAndCheck(new Variant(ReactorOptions.Kind.RING, false, false));
  }

  private void installAndCheck(Variant variant) throws Exception {
    ReactorOptions options = ReactorOptions.of(2).withKind(variant.kind());
    try (ReactorGroup reactors = ReactorGroup.start(options)) {
      try (VirtualDisk disk = open(variant, reactors);
          VhostUserBlk server = serve(disk, reactors);
          Guest guest = Guest.start(tools, initramfs, socket())) {
        install(guest, disk, variant);
        guest.expect("@rebooting", PATIENCE);
        expectChecked(guest, server);
      }
      try (VirtualDisk disk = open(variant, reactors);
          VhostUserBlk server = serve(disk, reactors);
          Guest guest = Guest.start(tools, initramfs, socket())) {
        expectChecked(guest, server);
      }
    }
  }

  private void install(Guest guest, VirtualDisk disk, Variant variant) throws Exception {
    guest.expect("@read?", PATIENCE);
    FetchProgress progress = disk.fetchProgress().orElseThrow();
    assertEquals(variant.copyOnRead() ? IMAGE_MIB : 0, progress.fetched(), "stripes fetched");
    guest.answer();
    guest.expect("@written?", PATIENCE);
    long written = allocated();
    guest.answer();
    guest.expect("@trimmed?", PATIENCE);
    long freed = written - allocated();
    long expected = (long) Initramfs.JUNK_MIB << 20;
    // The edges of what was deleted share blocks with what was not.
    assertTrue(freed > expected / 10 * 9, "fstrim freed " + freed + " bytes of " + expected);
    guest.answer();
  }

  private static void expectChecked(Guest guest, Frontend server) throws Exception {
    guest.expect("@verifying", PATIENCE);
    assertEquals(Frontend.State.SERVING, server.state());
    guest.expect("@passed", PATIENCE);
    guest.awaitEnd(PATIENCE);
  }

  private VirtualDisk open(Variant variant, ReactorGroup reactors) throws IOException {
    return VirtualDisk.builder()
        .file(folder.resolve("disk"))
        .createIfMissing(DISK_SIZE)
        .direct(variant.direct())
        .lazyFrom(folder.resolve("image"), folder.resolve("metadata"))
        .copyOnRead(variant.copyOnRead())
        .reactors(reactors)
        .build();
  }

  private VhostUserBlk serve(VirtualDisk disk, ReactorGroup reactors) throws IOException {
    return VhostUserBlk.serve(disk).at(socket()).queues(2).reactors(reactors).start();
  }

  private Path socket() {
    return socketFolder.resolve("disk.sock");
  }

  /** Returns how many bytes of storage the disk's file takes. */
  private long allocated() throws IOException, InterruptedException {
    Process stat =
        new ProcessBuilder("stat", "-c", "%b", folder.resolve("disk").toString()).start();
    String blocks = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertEquals(0, stat.waitFor(), "exit status of stat");
    return Long.parseLong(blocks.strip()) * 512;
  }

  private record Variant(ReactorOptions.Kind kind, boolean direct, boolean copyOnRead) {}
}
