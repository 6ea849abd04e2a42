package io.ubiblk.examples.top;

import io.ubiblk.examples.Runner;
import io.ubiblk.examples.Termination;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.UsageException;
import io.ubiblk.examples.cli.ValueType;
import io.ubiblk.examples.programs.LoggingOption;
import io.ubiblk.examples.programs.Release;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Shows what backends do, again and again. */
public final class Ubitop implements Runner {

  private final CommandLine line =
      new CommandLine("ubitop", "Shows what running backends do, asking at their RPC sockets.")
          .withVersion(Release.describe("ubitop"));
  private final Option<List<Path>> sockets =
      line.repeated("--socket", "PATH", ValueType.PATH, "the RPC socket of a backend");
  private final Option<List<Path>> more =
      line.operands("SOCKET", ValueType.PATH, "more of them, as from a pattern of the shell");
  private final Option<Duration> interval =
      line.defaulted(
          "--interval", "SECONDS", ValueType.SECONDS, "1", "time between two looks, in seconds");
  private final Option<Boolean> once =
      line.flag("--once", "look twice, an interval apart, print one table and exit");
  private final Option<Boolean> perQueue = line.flag("--queues", "show each queue, too");
  private final LoggingOption logging = new LoggingOption(line);

  /** Creates the program. */
  public Ubitop() {}

  @Override
  public CommandLine commandLine() {
    return line;
  }

  @Override
  public void run(Arguments arguments, Termination termination)
      throws UsageException, IOException, InterruptedException {
    logging.apply(arguments);
    List<Path> paths = new ArrayList<>(arguments.get(sockets));
    paths.addAll(arguments.get(more));
    if (paths.isEmpty()) {
      throw new UsageException("no socket is given, expected " + sockets.name() + " PATH");
    }
    List<Backend> backends = paths.stream().distinct().map(Backend::new).toList();
    try {
      if (arguments.isSet(once)) {
        showOnce(arguments, termination, backends);
      } else {
        show(arguments, termination, backends);
      }
    } finally {
      backends.forEach(Backend::close);
    }
  }

  private void show(Arguments arguments, Termination termination, List<Backend> backends)
      throws InterruptedException {
    try (Screen screen = Screen.onTerminal(termination::request)) {
      do {
        long begin = System.nanoTime();
        lookAt(backends);
        screen.show(title(backends), room -> Table.of(backends, arguments.isSet(perQueue), room));
        long left = arguments.get(interval).toNanos() - (System.nanoTime() - begin);
        termination.await(Duration.ofNanos(Math.max(0, left)));
      } while (!termination.isRequested());
    }
  }

  private void showOnce(Arguments arguments, Termination termination, List<Backend> backends)
      throws IOException, InterruptedException {
    lookAt(backends);
    termination.await(arguments.get(interval));
    lookAt(backends);
    try (Screen screen = Screen.onPaper()) {
      screen.show(title(backends), room -> Table.of(backends, arguments.isSet(perQueue), room));
    }
    if (backends.stream().allMatch(backend -> backend.latest() == null)) {
      throw new IOException("no backend has answered");
    }
  }

  /** Asks all of them at once: one that does not answer costs the others no time. */
  private static void lookAt(List<Backend> backends) throws InterruptedException {
    List<Thread> threads =
        backends.stream().map(backend -> Thread.startVirtualThread(backend::look)).toList();
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static String title(List<Backend> backends) {
    return "ubitop  "
        + LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS)
        + "  "
        + backends.size()
        + (backends.size() == 1 ? " backend" : " backends");
  }
}
