package dev.jebena.benchmarks.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rates of all rounds, by contender and test. */
final class Results {

  private final Map<String, Map<String, List<Double>>> rates = new LinkedHashMap<>();

  void add(String contender, Map<String, Double> round) {
    Map<String, List<Double>> tests = rates.computeIfAbsent(contender, name -> new LinkedHashMap<>());
    round.forEach((test, rate) -> tests.computeIfAbsent(test, name -> new ArrayList<>()).add(rate));
  }

  List<String> contenders() {
    return List.copyOf(rates.keySet());
  }

  /** Tests in the order in which the first contender ran them. */
  List<String> tests() {
    return rates.values().stream().flatMap(tests -> tests.keySet().stream()).distinct().toList();
  }

  /** Every round's tokens per second; empty if the contender does not run the test. */
  List<Double> rates(String contender, String test) {
    return rates.getOrDefault(contender, Map.of()).getOrDefault(test, List.of());
  }

  /** The median of the rounds; not a number if there are none. */
  double median(String contender, String test) {
    double[] sorted = rates(contender, test).stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  Map<String, Map<String, List<Double>>> all() {
    return rates;
  }
}
