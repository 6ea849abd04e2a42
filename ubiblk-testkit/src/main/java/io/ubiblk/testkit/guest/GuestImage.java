package io.ubiblk.testkit.guest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parts of what a guest's kernel unpacks into memory and runs. */
public final class GuestImage {

  private static final Pattern LIBRARY = Pattern.compile("(/[^ ]+) \\(0x");

  private GuestImage() {}

  /**
   * Adds programs to the folder {@code bin}, and the libraries that they need.
   *
   * @param out the archive
   * @param names names of programs of this machine
   * @throws IOException if a file cannot be read or written
   * @throws InterruptedException if the thread is interrupted
   * @throws MissingToolException if a program is not there
   */
  public static void addPrograms(CpioArchive out, List<String> names)
      throws IOException, InterruptedException, MissingToolException {
    TreeSet<String> libraries = new TreeSet<>();
    for (String name : names) {
      Path program = GuestTools.program(name);
      out.file("bin/" + name, Files.readAllBytes(program));
      libraries.addAll(libraries(program));
    }
    for (String library : libraries) {
      out.file(library.substring(1), Files.readAllBytes(Path.of(library)));
    }
  }

  /**
   * Adds kernel modules to the folder {@code modules}, with a file {@code order} that says in which
   * order to load them.
   *
   * @param out the archive
   * @param modules the modules
   * @throws IOException if the archive cannot be written
   */
  public static void addModules(CpioArchive out, KernelModules modules) throws IOException {
    StringBuilder order = new StringBuilder();
    for (var module : modules.chosen().entrySet()) {
      out.file("modules/" + module.getKey() + ".ko", module.getValue());
      order.append(module.getKey()).append(".ko\n");
    }
    out.file("modules/order", order.toString().getBytes(StandardCharsets.US_ASCII));
  }

  /** Writes an archive of which the guest says that it is alive, and then switches itself off. */
  static void writeTrial(Path archive)
      throws IOException, InterruptedException, MissingToolException {
    String script =
        """
        #!/bin/busybox sh
        echo @alive
        /bin/busybox poweroff -f
        """;
    try (CpioArchive out = new CpioArchive(archive)) {
      out.console();
      out.file("init", script.getBytes(StandardCharsets.US_ASCII));
      addPrograms(out, List.of("busybox"));
    }
  }

  private static Set<String> libraries(Path program) throws IOException, InterruptedException {
    Process ldd = new ProcessBuilder("ldd", program.toString()).redirectErrorStream(true).start();
    String list = new String(ldd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    ldd.waitFor();
    Matcher matcher = LIBRARY.matcher(list);
    TreeSet<String> found = new TreeSet<>();
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
