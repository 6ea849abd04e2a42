package io.ubiblk.vhost;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What this process holds of the system. */
final class Processes {

  private Processes() {}

  /** Open descriptors by what they refer to, with the numbers of sockets and pipes left out. */
  static Map<String, Integer> descriptors() throws IOException {
    Map<String, Integer> count = new TreeMap<>();
    List<Path> entries;
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      entries = all.toList();
    }
    for (Path entry : entries) {
      try {
        String target = Files.readSymbolicLink(entry).toString();
        count.merge(target.replaceAll("[0-9]+", "#"), 1, Integer::sum);
      } catch (IOException gone) {
        // The descriptor of the listing itself.
      }
    }
    return count;
  }

  /** Number of mappings of guest memory. */
  static long guestMappings() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("memfd:guest-memory")).count();
    }
  }

  /** Names of the platform threads. */
  static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).sorted().toList();
  }

  /** Processor time that the process has used, in nanoseconds. */
  static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
  }
}
