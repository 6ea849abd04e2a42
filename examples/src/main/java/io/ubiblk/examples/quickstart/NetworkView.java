package io.ubiblk.examples.quickstart;

import io.ubiblk.core.VirtualDisk;
import io.ubiblk.nbd.NbdServer;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The same disk over NBD, while it is served to a virtual machine: what another program sees. */
final class NetworkView {

  private static final int MOST_LINES = 5;
  private static final int MOST_SECONDS = 5;
  private static final Pattern SEPARATOR = Pattern.compile(Pattern.quote(File.pathSeparator));

  /** Commands that look at an export, the better ones first. */
  private static final List<List<String>> COMMANDS =
      List.of(List.of("nbdinfo", "--map"), List.of("qemu-img", "info", "-f", "raw"));

  private NetworkView() {}

  /** Serves the disk for a moment, and lets a program look at it if there is one. */
  static void show(VirtualDisk disk, Path socket, Display display)
      throws IOException, InterruptedException {
    try (NbdServer server = NbdServer.serve(disk).at(socket).start()) {
      String uri = "nbd+unix:///?socket=" + socket;
      Optional<List<String>> command =
          COMMANDS.stream().filter(c -> isInstalled(c.getFirst())).findFirst();
      if (command.isEmpty()) {
        display.step("The same disk over NBD, as " + uri);
        display.note(server + " was there; nbdinfo or qemu-img, if installed, would show it here");
        return;
      }
      String words = String.join(" ", command.get());
      display.step("The same disk over NBD: " + words + " '" + uri + "'");
      List<String> full = new ArrayList<>(command.get());
      full.add(uri);
      output(full).lines().limit(MOST_LINES).forEach(display::note);
    }
  }

  private static String output(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("quickstart-", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      process.getOutputStream().close();
      if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        return command.getFirst() + " has not ended within " + MOST_SECONDS + " s";
      }
      String text = Files.readString(output, StandardCharsets.UTF_8);
      return process.exitValue() == 0 ? text : command.getFirst() + " has failed: " + text;
    } finally {
      Files.delete(output);
    }
  }

  private static boolean isInstalled(String program) {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return SEPARATOR
        .splitAsStream(path)
        .filter(folder -> !folder.isEmpty())
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
