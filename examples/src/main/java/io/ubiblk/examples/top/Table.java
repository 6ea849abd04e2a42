package io.ubiblk.examples.top;

import io.ubiblk.api.Operation;
import io.ubiblk.core.rpc.Health;
import io.ubiblk.core.rpc.LatencySummary;
import io.ubiblk.core.rpc.StripeCounts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes lines of text of what backends said. */
final class Table {

  private static final int NAME = 24;
  private static final int BAR = 10;

  /** Usual width of the progress in characters: columns are not to come and go with its end. */
  private static final int PROGRESS = 30;

  private static final int PERCENT = 100;
  private static final int ALWAYS = 0;

  private final Grid grid =
      new Grid(
          new Grid.Column(false, ALWAYS, 4), // disk
          new Grid.Column(false, 11, 8), // state
          new Grid.Column(true, 13, 10), // bytes read
          new Grid.Column(true, 12, 10), // bytes written
          new Grid.Column(true, 10, 7), // reads
          new Grid.Column(true, 10, 7), // writes
          new Grid.Column(true, 1, 5), // flushes
          new Grid.Column(true, 4, 3), // in flight
          new Grid.Column(true, 2, 6), // half of the reads
          new Grid.Column(true, 6, 6), // most of the reads
          new Grid.Column(true, 3, 6), // half of the writes
          new Grid.Column(true, 7, 6), // most of the writes
          new Grid.Column(false, 9, 0)); // fetched
  private final boolean perQueue;
  private final @Nullable Path shared;

  private Table(boolean perQueue, @Nullable Path shared) {
    this.perQueue = perQueue;
    this.shared = shared;
  }

  /**
   * Returns a table of backends, a line for each and perhaps for each of their queues, as far as
   * there is room in lines of so many characters.
   */
  static List<String> of(List<Backend> backends, boolean perQueue, int room) {
    Table table = new Table(perQueue, sharedFolder(backends));
    table.header();
    Rates total = Rates.NONE;
    int inFlight = 0;
    for (Backend backend : backends) {
      Sample latest = backend.latest();
      if (latest == null) {
        table.absent(backend);
        continue;
      }
      Sample before = backend.before();
      table.present(backend, before, latest);
      total = before == null ? total : total.plus(Rates.between(before, latest));
      inFlight += latest.allInFlight();
    }
    if (backends.size() > 1) {
      table.row("total", "", total, inFlight, List.of("", "", "", ""), "");
    }
    return table.grid.lines(room);
  }

  private void header() {
    add(
        "", "", "READ", "WRITE", "READ", "WRITE", "FLUSH", "IN", "READ", "READ", "WRITE", "WRITE",
        "");
    add(
        "DISK", "STATE", "per s", "per s", "IOPS", "IOPS", "per s", "FLT", "p50", "p99", "p50",
        "p99", "FETCHED");
  }

  private void absent(Backend backend) {
    grid.row(name(backend), "away: " + backend.absence());
  }

  private void present(Backend backend, @Nullable Sample before, Sample latest) {
    Sample.Own own = latest.own();
    row(
        name(backend),
        own == null ? "up" : own.health().state().name().toLowerCase(Locale.ROOT),
        before == null ? null : Rates.between(before, latest),
        latest.allInFlight(),
        latencies(own),
        latest.stripes().map(counts -> progress(counts, own)).orElse("-"));
    if (own != null && own.health().state() != Health.State.OK) {
      own.health().reasons().forEach(reason -> grid.text("  ! " + reason));
    }
    for (int i = 0; perQueue && i < latest.queues().size(); i++) {
      Rates rates = before == null ? null : Rates.ofQueue(before, latest, i);
      int inFlight = i < latest.inFlight().size() ? latest.inFlight().get(i) : 0;
      row("  queue " + i, "", rates, inFlight, List.of("", "", "", ""), "");
    }
  }

  private void row(
      String name,
      String state,
      @Nullable Rates rates,
      int inFlight,
      List<String> latencies,
      String fetched) {
    add(
        name,
        state,
        rates == null ? "-" : Units.bytes(rates.bytesRead()),
        rates == null ? "-" : Units.bytes(rates.bytesWritten()),
        rates == null ? "-" : Units.count(rates.reads()),
        rates == null ? "-" : Units.count(rates.writes()),
        rates == null ? "-" : Units.count(rates.flushes()),
        Integer.toString(inFlight),
        latencies.get(0),
        latencies.get(1),
        latencies.get(2),
        latencies.get(3),
        fetched);
  }

  private void add(String... cells) {
    grid.row(List.of(cells));
  }

  private static List<String> latencies(Sample.@Nullable Own own) {
    List<String> cells = new ArrayList<>();
    for (Operation operation : List.of(Operation.READ, Operation.WRITE)) {
      LatencySummary summary = own == null ? null : own.latency().get(operation);
      if (summary == null || summary.completed() == 0) {
        cells.addAll(List.of("-", "-"));
      } else {
        cells.add(Units.latency(summary.p50Nanos()));
        cells.add(Units.latency(summary.p99Nanos()));
      }
    }
    return cells;
  }

  private static String progress(StripeCounts counts, Sample.@Nullable Own own) {
    long source = Math.max(counts.source(), 1);
    long fetched = counts.source() == 0 ? 1 : Math.min(counts.fetched(), source);
    int full = (int) (BAR * fetched / source);
    String bar = "[" + "#".repeat(full) + ".".repeat(BAR - full) + "] ";
    String percent = fetched * PERCENT / source + " %";
    boolean complete = fetched == source;
    String text = bar + percent + (complete ? "" : remaining(own));
    return text + " ".repeat(Math.max(0, PROGRESS - text.length()));
  }

  private static String remaining(Sample.@Nullable Own own) {
    return Optional.ofNullable(own)
        .flatMap(Sample.Own::fetch)
        .filter(backlog -> backlog.secondsLeft() >= 0)
        .map(backlog -> ", " + Units.time(backlog.secondsLeft()) + " left")
        .orElse("");
  }

  /** The innermost folder that all of several sockets are in. */
  private static @Nullable Path sharedFolder(List<Backend> backends) {
    if (backends.size() < 2) {
      return null;
    }
    Path folder = path(backends.getFirst()).getParent();
    for (Backend backend : backends) {
      while (folder != null && !path(backend).startsWith(folder)) {
        folder = folder.getParent();
      }
    }
    return folder;
  }

  private static Path path(Backend backend) {
    return backend.socket().toAbsolutePath().normalize();
  }

  /** What tells the disk from the others; of a long path the end. */
  private String name(Backend backend) {
    Path path = shared == null ? backend.socket() : shared.relativize(path(backend));
    String name = Screen.printable(path.toString());
    return name.length() <= NAME ? name : "~" + name.substring(name.length() - NAME + 1);
  }
}
