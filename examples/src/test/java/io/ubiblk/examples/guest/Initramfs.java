package io.ubiblk.examples.guest;

import io.ubiblk.testkit.guest.CpioArchive;
import io.ubiblk.testkit.guest.GuestImage;
import io.ubiblk.testkit.guest.GuestTools;
import io.ubiblk.testkit.guest.KernelModules;
import io.ubiblk.testkit.guest.MissingToolException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/** The guest's programs, modules and files, as one archive that its kernel unpacks into memory. */
final class Initramfs {

  /** How much the guest writes, deletes and trims, in MiB. */
  static final int JUNK_MIB = 64;

  /** Programs that go into the guest. */
  static final List<String> PROGRAMS = List.of("busybox", "mkfs.ext4", "e2fsck");

  private static final int FILES_PER_FOLDER = 100;
  private static final int LARGEST_FILE = 16384;

  private Initramfs() {}

  /**
   * Writes the archive.
   *
   * @param fileCount number of files that the guest copies to its disk
   * @param image what the beginning of the disk must read as
   * @param queues how many queues the disk must have at least
   */
  static void write(Path archive, GuestTools tools, int fileCount, byte[] image, int queues)
      throws IOException, InterruptedException, MissingToolException {
    try (CpioArchive out = new CpioArchive(archive)) {
      for (String folder : new String[] {"bin", "proc", "sys", "dev", "mnt", "tmp"}) {
        out.folder(folder);
      }
      out.console();
      out.file("init", script(image.length >> 20, queues));
      GuestImage.addPrograms(out, PROGRAMS);
      modules(out, tools);
      tree(out, fileCount);
      out.file("image.md5", (md5(image) + "  -\n").getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static byte[] script(int imageMib, int queues) throws IOException {
    try (var in = Initramfs.class.getResourceAsStream("init.sh")) {
      if (in == null) {
        throw new IOException("init.sh is not among the test's resources");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.replace("@IMAGE_MIB@", Integer.toString(imageMib))
          .replace("@QUEUES@", Integer.toString(queues))
          .replace("@JUNK_MIB@", Integer.toString(JUNK_MIB))
          .getBytes(StandardCharsets.UTF_8);
    }
  }

  private static void modules(CpioArchive out, GuestTools tools)
      throws IOException, InterruptedException, MissingToolException {
    KernelModules modules = new KernelModules(tools.modules());
    // The journal's checksums ask for it by a name that only a full system resolves.
    modules.offer("crc32c_generic");
    modules.require("virtio_pci");
    modules.require("virtio_blk");
    modules.require("ext4");
    GuestImage.addModules(out, modules);
  }

  private static void tree(CpioArchive out, int fileCount) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    StringBuilder sums = new StringBuilder();
    for (int i = 0; i < fileCount; i++) {
      byte[] content = new byte[random.nextInt(LARGEST_FILE)];
      random.nextBytes(content);
      String name = "tree/" + i / FILES_PER_FOLDER + "/" + i;
      out.file(name, content);
      sums.append(md5(content)).append("  ").append(name).append('\n');
    }
    out.file("tree.md5", sums.toString().getBytes(StandardCharsets.US_ASCII));
  }

  private static String md5(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
