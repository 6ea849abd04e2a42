package io.ubiblk.testkit.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What this machine has to run a guest with.
 *
 * @param qemu the emulator
 * @param kernel the kernel's image
 * @param modules folder of the modules of this kernel
 * @param kvm whether the guest runs on the processor itself, not in an emulation of one
 */
public record GuestTools(Path qemu, Path kernel, Path modules, boolean kvm) {

  private static final String IMAGE = "vmlinuz";
  private static final List<String> MODULES = List.of("lib/modules", "usr/lib/modules");
  private static final Duration TRIAL = Duration.ofSeconds(15);
  private static final List<Path> FOLDERS =
      Stream.of("/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin")
          .map(Path::of)
          .toList();

  /**
   * Looks for them. Environment variables UBIBLK_TEST_QEMU, a program, and UBIBLK_TEST_KERNEL, a
   * folder with {@code lib/modules} or {@code usr/lib/modules} in it, or system properties of the
   * names in lower case with dots, say where to look elsewhere. The image is {@code vmlinuz-*} in
   * {@code boot} of that folder or, where packages no longer write there, {@code vmlinuz} beside
   * the modules.
   *
   * @param programs names of programs that the guest needs
   * @return what was found
   * @throws MissingToolException if something is missing
   * @throws IOException if a file cannot be read or written
   * @throws InterruptedException if the thread is interrupted
   */
  public static GuestTools find(List<String> programs)
      throws MissingToolException, IOException, InterruptedException {
    if (!System.getProperty("os.arch").equals("amd64")) {
      throw new MissingToolException("guests are tested on x86-64 only");
    }
    for (String name : programs) {
      program(name);
    }
    Path qemu = setting("UBIBLK_TEST_QEMU").orElse(program("qemu-system-x86_64"));
    Path root = setting("UBIBLK_TEST_KERNEL").orElse(Path.of("/"));
    Path kernel = kernel(root);
    return new GuestTools(qemu, kernel, modules(root, version(kernel)), false).withKvmIfItWorks();
  }

  /** Finds the modules of a kernel: packages of recent systems no longer rely on /lib. */
  static Path modules(Path root, String version) throws MissingToolException {
    return MODULES.stream()
        .map(folder -> root.resolve(folder).resolve(version))
        .filter(Files::isDirectory)
        .findFirst()
        .orElseThrow(
            () ->
                new MissingToolException(
                    "no modules for kernel "
                        + version
                        + " in lib/modules or usr/lib/modules of "
                        + root));
  }

  /** Boots a guest with nothing in it: the device may be there and not work. */
  private GuestTools withKvmIfItWorks()
      throws IOException, InterruptedException, MissingToolException {
    Path device = Path.of("/dev/kvm");
    if (!Files.isReadable(device) || !Files.isWritable(device)) {
      return this;
    }
    GuestTools faster = new GuestTools(qemu, kernel, modules, true);
    Path initramfs = Files.createTempFile("guest-", ".cpio");
    try {
      GuestImage.writeTrial(initramfs);
      try (Guest guest = Guest.start(faster, initramfs, 512)) {
        guest.expect("@alive", TRIAL);
        return faster;
      } catch (AssertionError e) {
        return this;
      }
    } finally {
      Files.delete(initramfs);
    }
  }

  /**
   * Returns the path of a program of this machine.
   *
   * @param name name of the program
   * @return its path
   * @throws MissingToolException if it is not there
   */
  public static Path program(String name) throws MissingToolException {
    return FOLDERS.stream()
        .map(folder -> folder.resolve(name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new MissingToolException("program " + name + " is not installed"));
  }

  private static Optional<Path> setting(String name) {
    String property = name.toLowerCase(Locale.ROOT).replace('_', '.');
    return Optional.ofNullable(System.getProperty(property, System.getenv(name))).map(Path::of);
  }

  /** Finds the newest image: in /boot, or where it lies beside the modules (Debian 14). */
  static Path kernel(Path root) throws MissingToolException, IOException {
    List<Path> found = new ArrayList<>();
    for (Path file : entries(root.resolve("boot"))) {
      if (file.getFileName().toString().startsWith(IMAGE + "-")) {
        found.add(file);
      }
    }
    if (found.isEmpty()) {
      for (String folder : MODULES) {
        entries(root.resolve(folder)).forEach(version -> found.add(version.resolve(IMAGE)));
      }
    }
    return found.stream()
        .filter(Files::isReadable)
        .max(Path::compareTo)
        .orElseThrow(
            () ->
                new MissingToolException(
                    "no kernel boot/vmlinuz-* or lib/modules/*/vmlinuz that can be read in "
                        + root));
  }

  /** The version is in the name of the image, or in that of its folder. */
  static String version(Path kernel) {
    String name = kernel.getFileName().toString();
    return name.equals(IMAGE)
        ? kernel.getName(kernel.getNameCount() - 2).toString()
        : name.substring(IMAGE.length() + 1);
  }

  private static List<Path> entries(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
