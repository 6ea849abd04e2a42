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

/** The options that describe reactors. */
final class ReactorFlags {

  private static final int LONGEST_POLL_MICROS = 1_000_000;

  private final Option<ReactorOptions.Kind> kind;
  private final Option<Integer> pollMicros;

  ReactorFlags(CommandLine line) {
    kind =
        line.optional(
            "--reactor",
            "KIND",
            ValueType.choice(List.of(ReactorOptions.Kind.RING, ReactorOptions.Kind.EPOLL)),
            "ring for io_uring, epoll for epoll and a pool of threads; unless given, what the"
                + " kernel allows");
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

  /** Starts a reactor for each queue, but no more than there are processors. */
  ReactorGroup start(Arguments arguments, int queues) throws IOException {
    int threads = Math.min(queues, Runtime.getRuntime().availableProcessors());
    ReactorOptions options =
        ReactorOptions.of(threads)
            .withKind(arguments.find(kind).orElse(ReactorOptions.Kind.AUTOMATIC))
            .withPollNanos(TimeUnit.MICROSECONDS.toNanos(arguments.get(pollMicros)));
    return ReactorGroup.start(options);
  }
}
