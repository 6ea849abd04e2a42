package io.ubiblk.bench;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;

/**
 * What was measured, iteration by iteration, under the names of benchmarks with their parameters.
 */
final class Figures {

  private final Map<String, Double> nanos = new TreeMap<>();
  private final Map<String, Double> bytes = new TreeMap<>();

  /** Adds the iterations of a run. */
  void add(Collection<RunResult> results) {
    for (RunResult result : results) {
      String name = name(result.getParams());
      for (BenchmarkResult fork : result.getBenchmarkResults()) {
        for (IterationResult iteration : fork.getIterationResults()) {
          add(nanos, name, iteration.getPrimaryResult().getScore());
          add(bytes, name, allocated(name, iteration));
        }
      }
    }
  }

  private static String name(BenchmarkParams params) {
    String method = params.getBenchmark();
    StringBuilder name =
        new StringBuilder(
            method.substring(method.lastIndexOf('.', method.lastIndexOf('.') - 1) + 1));
    params.getParamsKeys().forEach(key -> name.append(' ').append(params.getParam(key)));
    return name.toString();
  }

  @SuppressWarnings("rawtypes") // JMH hands out raw results
  private static double allocated(String name, IterationResult iteration) {
    return iteration.getSecondaryResults().entrySet().stream()
        .filter(entry -> entry.getKey().endsWith("gc.alloc.rate.norm"))
        .mapToDouble(entry -> entry.getValue().getScore())
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " says nothing of allocation"));
  }

  private static void add(Map<String, Double> figures, String name, double value) {
    figures.merge(name, value, Math::min);
  }

  List<String> names() {
    return List.copyOf(nanos.keySet());
  }

  /** Nanoseconds for an operation. */
  double nanos(String name) {
    return best(nanos, name);
  }

  /** Bytes that were allocated for an operation. */
  double bytes(String name) {
    return best(bytes, name);
  }

  private static double best(Map<String, Double> figures, String name) {
    Double value = figures.get(name);
    if (value == null) {
      throw new AssertionError("no benchmark " + name + " was run, only " + figures.keySet());
    }
    return value;
  }

  @Override
  public String toString() {
    StringBuilder table = new StringBuilder();
    for (String name : names()) {
      table.append(String.format("%n%-50s %10.2f ns %10.4f bytes", name, nanos(name), bytes(name)));
    }
    return table.toString();
  }
}
