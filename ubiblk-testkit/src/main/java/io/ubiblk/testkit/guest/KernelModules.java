package io.ubiblk.testkit.guest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** The modules of a kernel, and what each of them needs to be loaded before it. */
public final class KernelModules {

  private final Path folder;
  private final Map<String, Path> files = new HashMap<>();
  private final String builtIn;
  private final Map<String, byte[]> chosen = new LinkedHashMap<>();

  /**
   * Looks which modules there are.
   *
   * @param folder the kernel's folder of modules
   * @throws IOException if the folder cannot be read
   */
  public KernelModules(Path folder) throws IOException {
    this.folder = folder;
    try (Stream<Path> found = Files.walk(folder.resolve("kernel"))) {
      found
          .filter(file -> file.getFileName().toString().contains(".ko"))
          .forEach(file -> files.put(name(file), file));
    }
    Path list = folder.resolve("modules.builtin");
    builtIn = Files.exists(list) ? Files.readString(list).replace('-', '_') : "";
  }

  /**
   * Chooses a module and what it depends on.
   *
   * @param name name of the module, with underscores
   * @throws IOException if a module cannot be read
   * @throws InterruptedException if the thread is interrupted
   * @throws MissingToolException if this kernel does not have it
   */
  public void require(String name) throws IOException, InterruptedException, MissingToolException {
    if (!offer(name) && !builtIn.contains("/" + name + ".ko\n")) {
      throw new MissingToolException("kernel module " + name + " is not in " + folder);
    }
  }

  /**
   * Chooses a module and what it depends on, if this kernel has it as a module.
   *
   * @param name name of the module, with underscores
   * @return whether it has
   * @throws IOException if a module cannot be read
   * @throws InterruptedException if the thread is interrupted
   * @throws MissingToolException if something that it depends on is missing
   */
  public boolean offer(String name) throws IOException, InterruptedException, MissingToolException {
    Path file = files.get(name);
    if (file == null) {
      return false;
    }
    if (!chosen.containsKey(name)) {
      byte[] content = unpacked(file);
      for (String other : dependencies(content)) {
        require(other.replace('-', '_'));
      }
      chosen.put(name, content);
    }
    return true;
  }

  /** {@return the contents of the chosen modules by name, in the order to load them in} */
  Map<String, byte[]> chosen() {
    return chosen;
  }

  private static String name(Path file) {
    String name = file.getFileName().toString();
    return name.substring(0, name.indexOf(".ko")).replace('-', '_');
  }

  private static byte[] unpacked(Path file)
      throws IOException, InterruptedException, MissingToolException {
    String name = file.toString();
    if (name.endsWith(".ko")) {
      return Files.readAllBytes(file);
    }
    String unpacker = name.endsWith(".zst") ? "zstd" : name.endsWith(".gz") ? "gzip" : "xz";
    Process process =
        new ProcessBuilder(GuestTools.program(unpacker).toString(), "-dc", name).start();
    byte[] content = process.getInputStream().readAllBytes();
    if (process.waitFor() != 0) {
      throw new IOException(file + " could not be unpacked");
    }
    return content;
  }

  /** A module says what it needs in one of the texts, each ended by a zero, of its .modinfo. */
  private static String[] dependencies(byte[] module) {
    String text = new String(module, StandardCharsets.ISO_8859_1);
    String key = "\0depends=";
    int begin = text.indexOf(key);
    if (begin < 0) {
      return new String[0];
    }
    String list = text.substring(begin + key.length(), text.indexOf('\0', begin + key.length()));
    return list.isEmpty() ? new String[0] : list.split(",", -1);
  }
}
