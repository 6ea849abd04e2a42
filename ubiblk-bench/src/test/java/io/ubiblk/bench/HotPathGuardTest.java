package io.ubiblk.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Guards the hot path against what reviews overlook: an object for each request, a layer that has
 * become slow. Short runs on a machine that others use too: the bounds are wide, the best
 * iterations are compared, and what is complained of is measured again, together with the bare
 * device.
 */
class HotPathGuardTest {

  /**
   * Benchmarks of what is not done for each request, those that are wasteful on purpose, and the
   * comparison with another program; the encrypting device has an allocation test of its own.
   */
  private static final String NOT_HOT = "MetadataCommitBenchmark|WastefulBenchmark|XtsBenchmark";

  /** How many times the time of the bare device a request may take under a layer. */
  private static final Map<String, Double> MOST_TIMES =
      Map.of(
          "FORWARDING", 2.0,
          "READ_ONLY", 2.0,
          "STATISTICS", 8.0,
          "LAZY", 4.0,
          "LAZY_TRACKED", 4.0);

  @Test
  void theHotPathAllocatesNothingAndLayersCostLittle() throws RunnerException {
    Figures figures = new Figures();
    ShortRun.run("Benchmark", NOT_HOT, 2, figures);
    List<String> complaints = complaints(figures);
    if (!complaints.isEmpty()) {
      String again =
          complaints.stream()
              .map(complaint -> complaint.substring(0, complaint.indexOf('.')))
              .distinct()
              .collect(Collectors.joining("|"));
      ShortRun.run(again, NOT_HOT, 6, figures);
    }
    System.out.println(figures);
    List<String> remaining = complaints(figures);
    assertTrue(remaining.isEmpty(), () -> "first " + complaints + ", and then " + remaining);
  }

  private static List<String> complaints(Figures figures) {
    List<String> complaints = new ArrayList<>(Guard.allocations(figures));
    for (String name : figures.names()) {
      String layer = name.substring(name.lastIndexOf(' ') + 1);
      if (MOST_TIMES.containsKey(layer)) {
        complaints.addAll(
            Guard.cost(figures, name, name.replace(layer, "BARE"), MOST_TIMES.get(layer)));
      }
    }
    return complaints;
  }

  @Test
  void allocationAndCostAreNoticed() throws RunnerException {
    Figures figures = new Figures();
    ShortRun.run("WastefulBenchmark", "none", 2, figures);
    List<String> allocations = Guard.allocations(figures);
    assertEquals(1, allocations.size(), allocations::toString);
    assertTrue(
        allocations.getFirst().startsWith("WastefulBenchmark.allocating"), allocations::toString);
    String bare = "WastefulBenchmark.bare";
    assertEquals(
        1, Guard.cost(figures, "WastefulBenchmark.slow", bare, 4).size(), figures::toString);
    assertEquals(0, Guard.cost(figures, bare, bare, 4).size(), figures::toString);
  }
}
