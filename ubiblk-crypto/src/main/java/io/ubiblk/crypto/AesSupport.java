package io.ubiblk.crypto;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says once if processor or JVM cannot encrypt at full speed. */
final class AesSupport {

  private static final Logger LOG = LoggerFactory.getLogger(AesSupport.class);
  private static final AtomicBoolean SAID = new AtomicBoolean();

  private AesSupport() {}

  /** Looks at this process, the first time that it is called. */
  static void sayOnce() {
    if (SAID.compareAndSet(false, true)) {
      String weakness =
          weakness(
              cpuFlags(),
              System.getProperty("os.arch", ""),
              System.getProperty("java.vm.name", "") + " " + System.getProperty("java.vm.info", ""),
              List.of(ProcessHandle.current().info().arguments().orElse(new String[0])));
      if (weakness != null) {
        LOG.warn("encryption works, but slowly: {}", weakness);
      }
    }
  }

  /** What keeps encryption from full speed, or null. */
  static @Nullable String weakness(
      String cpuFlags, String architecture, String machine, List<String> arguments) {
    if (machine.contains("Zero") || machine.contains("interpreted")) {
      return "this JVM does not compile";
    }
    if (arguments.contains("-XX:-UseAES")) {
      return "this JVM was told not to use the processor's AES instructions";
    }
    List<String> flags = List.of(cpuFlags.split("[ \t\n]+"));
    if (!flags.contains("aes")) {
      return "the processor has no AES instructions, or they are not known";
    }
    boolean x86 = architecture.equals("amd64") || architecture.equals("x86_64");
    if (x86 && !(flags.contains("vaes") && flags.contains("avx512f"))) {
      return "the processor has AES instructions for single blocks only (no VAES with AVX-512)";
    }
    return null;
  }

  private static String cpuFlags() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
          .findFirst()
          .orElse("");
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }
}
