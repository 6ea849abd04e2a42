package io.ubiblk.vhost;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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

  /** Processor time that the threads alive have used, without the JVM's own, in nanoseconds. */
  static long cpuNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return Arrays.stream(threads.getAllThreadIds())
        .map(threads::getThreadCpuTime)
        .filter(nanos -> nanos > 0)
        .sum();
  }
}
