package io.ubiblk.testkit.guest;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A guest that sees this machine's file tree, with a layer in memory over it to write to, and runs
 * a script in it: so it has this machine's programs, its JDK and the classes under test, and a
 * kernel of its own. The script is {@code /tmp/scenario.sh}; {@code /tmp}, {@code /run} and {@code
 * /mnt} are its own.
 */
public final class TreeGuest {

  private static final List<String> PROGRAMS = List.of("busybox");
  private static final List<String> TREE_MODULES =
      List.of("virtio_pci", "9p", "9pnet_virtio", "overlay");

  private TreeGuest() {}

  /**
   * Returns the kernel modules of such a guest.
   *
   * @param tools what the guest is run with
   * @param names modules that the script needs besides
   * @return the modules
   * @throws MissingToolException if this kernel does not have one of them
   * @throws IOException if a file cannot be read
   * @throws InterruptedException if the thread is interrupted
   */
  public static KernelModules modules(GuestTools tools, List<String> names)
      throws IOException, InterruptedException, MissingToolException {
    KernelModules modules = new KernelModules(tools.modules());
    // Checksums of file systems ask for it by a name that only a full system resolves.
    modules.offer("crc32c_generic");
    for (String module : TREE_MODULES) {
      modules.require(module);
    }
    for (String module : names) {
      modules.require(module);
    }
    return modules;
  }

  /**
   * Starts a guest. At the end it says {@code @ended with status N}, which is that of the script.
   *
   * @param tools what to run it with
   * @param modules its kernel modules
   * @param archive where to write what its kernel unpacks
   * @param mebibytes size of its memory in MiB
   * @param scenario the script, for a POSIX shell
   * @return the guest
   * @throws MissingToolException if a program is missing
   * @throws IOException if a file cannot be read or written
   * @throws InterruptedException if the thread is interrupted
   */
  public static Guest start(
      GuestTools tools, KernelModules modules, Path archive, int mebibytes, String scenario)
      throws IOException, InterruptedException, MissingToolException {
    try (CpioArchive out = new CpioArchive(archive)) {
      for (String folder : new String[] {"bin", "proc", "sys", "dev", "ro", "rw", "new"}) {
        out.folder(folder);
      }
      out.console();
      out.file("init", init());
      out.file("scenario.sh", scenario.getBytes(StandardCharsets.UTF_8));
      GuestImage.addPrograms(out, PROGRAMS);
      GuestImage.addModules(out, modules);
    }
    return Guest.start(
        tools,
        archive,
        mebibytes,
        "-fsdev",
        "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
        "-device",
        "virtio-9p-pci,fsdev=root,mount_tag=root");
  }

  private static byte[] init() throws IOException {
    try (var in = TreeGuest.class.getResourceAsStream("tree-init.sh")) {
      if (in == null) {
        throw new FileNotFoundException("tree-init.sh is not among the resources");
      }
      return in.readAllBytes();
    }
  }
}
