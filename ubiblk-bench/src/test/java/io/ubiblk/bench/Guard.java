package io.ubiblk.bench;

import java.util.ArrayList;
import java.util.List;

/** What the hot path must not do, said of figures of short runs. */
final class Guard {

  /** Allocation of the JVM itself is far below; the smallest object has sixteen. */
  private static final double MOST_BYTES = 1;

  private Guard() {}

  /** Complains about everything that allocates for a request. */
  static List<String> allocations(Figures figures) {
    List<String> complaints = new ArrayList<>();
    for (String name : figures.names()) {
      double bytes = figures.bytes(name);
      if (!(bytes <= MOST_BYTES)) {
        complaints.add(
            String.format("%s allocates %.2f bytes for a request, expected none", name, bytes));
      }
    }
    return complaints;
  }

  /** Complains if something takes more than so many times as long as something else. */
  static List<String> cost(Figures figures, String name, String bare, double mostTimes) {
    double times = figures.nanos(name) / figures.nanos(bare);
    return times <= mostTimes
        ? List.of()
        : List.of(
            String.format(
                "%s takes %.2f ns, %.2f times the %.2f ns of %s, expected at most %.1f times",
                name, figures.nanos(name), times, figures.nanos(bare), bare, mostTimes));
  }
}
