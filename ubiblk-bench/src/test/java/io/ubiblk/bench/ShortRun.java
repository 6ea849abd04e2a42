package io.ubiblk.bench;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs benchmarks for a moment: long enough to see what is grossly wrong, not to publish. */
final class ShortRun {

  static {
    // Builds beside this one are no reason to fail: what is compared is measured together.
    System.setProperty("jmh.ignoreLock", "true");
  }

  private ShortRun() {}

  /**
   * Runs benchmarks, each in a JVM of its own, and adds what they measured.
   *
   * @param include pattern of the benchmarks
   * @param exclude pattern of those that are left out
   * @param warmups how often to run for a third of a second before measuring
   * @param figures where to add
   */
  static void run(String include, String exclude, int warmups, Figures figures)
      throws RunnerException {
    OptionsBuilder options = new OptionsBuilder();
    options
        .include(include)
        .exclude(exclude)
        .forks(1)
        .warmupIterations(warmups)
        .warmupTime(TimeValue.milliseconds(333))
        .measurementIterations(5)
        .measurementTime(TimeValue.milliseconds(100))
        // Compiling in the foreground: on a busy machine the compiler's own threads come too late.
        .jvmArgs("--enable-native-access=ALL-UNNAMED", "-Xbatch", "-Xmx256m", "-XX:+UseSerialGC")
        .addProfiler(GCProfiler.class)
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT);
    figures.add(new Runner(options.build()).run());
  }
}
