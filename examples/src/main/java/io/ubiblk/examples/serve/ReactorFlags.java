package io.ubiblk.examples.serve;

import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.core.reactor.ReactorOptions;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.ValueType;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The options that describe reactors. */
final class ReactorFlags {

  private static final int LONGEST_POLL_MICROS = 1_000_000;

  /** Null where only one kind will do. */
  private final @Nullable Option<ReactorOptions.Kind> kind;

  private final Option<Integer> pollMicros;

  /** Adds the options to those of a program that serves on every kind of reactor. */
  ReactorFlags(CommandLine line) {
    this(
        line,
        line.optional(
            "--reactor",
            "KIND",
            ValueType.choice(List.of(ReactorOptions.Kind.RING, ReactorOptions.Kind.EPOLL)),
            "ring for io_uring, epoll for epoll and a pool of threads; unless given, what the"
                + " kernel allows"));
  }

  private ReactorFlags(CommandLine line, @Nullable Option<ReactorOptions.Kind> kind) {
    this.kind = kind;
    long usual = TimeUnit.NANOSECONDS.toMicros(ReactorOptions.of(1).pollNanos());
    pollMicros =
        line.defaulted(
            "--poll-us",
            "N",
            ValueType.number(0, LONGEST_POLL_MICROS),
            Long.toString(usual),
            "longest time in microseconds for which an idle reactor looks for work before it"
                + " sleeps");
  }

  /** Adds the options to those of a program that needs rings. */
  static ReactorFlags ofRings(CommandLine line) {
    return new ReactorFlags(line, null);
  }

  /** Starts a reactor for each queue, but no more than there are processors. */
  ReactorGroup start(Arguments arguments, int queues) throws IOException {
    int threads = Math.min(queues, Runtime.getRuntime().availableProcessors());
    ReactorOptions options =
        ReactorOptions.of(threads)
            .withKind(kind(arguments))
            .withPollNanos(TimeUnit.MICROSECONDS.toNanos(arguments.get(pollMicros)));
    return ReactorGroup.start(options);
  }

  private ReactorOptions.Kind kind(Arguments arguments) {
    return kind == null
        ? ReactorOptions.Kind.AUTOMATIC
        : arguments.find(kind).orElse(ReactorOptions.Kind.AUTOMATIC);
  }
}
