package io.ubiblk.examples.serve;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Frontend;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.ValueType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The option that asks for statistics, and the wait during which they are written. */
final class StatisticsOption {

  private static final Duration PERIOD = Duration.ofSeconds(1);

  private final Option<Path> path;

  StatisticsOption(CommandLine line) {
    path =
        line.optional(
            "--json-stats",
            "PATH",
            ValueType.PATH,
            "file to write statistics to as JSON, every second and at the end");
  }

  /** Returns the file that was asked for, or null. */
  @Nullable StatisticsFile open(Arguments arguments, VirtualDisk disk) throws IOException {
    return arguments.isSet(path) ? StatisticsFile.open(arguments.get(path), disk) : null;
  }

  /**
   * Waits until the program is told to end or its frontend has ended, and writes statistics
   * meanwhile.
   */
  static void await(Frontend frontend, Termination termination, @Nullable StatisticsFile statistics)
      throws InterruptedException, BlockDeviceException.Failed {
    if (statistics == null) {
      termination.await(frontend);
      return;
    }
    termination.follow(frontend);
    while (!termination.await(PERIOD)) {
      statistics.write();
    }
    Termination.requireSuccess(frontend);
  }
}
