package dev.jebena.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/**
 * Runs JMH's benchmarks, then prints a table in which rates stand beside their share of the ceilings that the same run measured. With
 * {@code --rounds N} first, everything is run N times in turn, and the table shows medians.
 */
public final class Main {

  private Main() {}

  /** Takes JMH's own command line. */
  public static void main(String[] arguments) throws CommandLineOptionException, RunnerException, IOException {
    int rounds = 1;
    String[] rest = arguments;
    if (arguments.length >= 2 && arguments[0].equals("--rounds")) {
      rounds = Integer.parseInt(arguments[1]);
      rest = Arrays.copyOfRange(arguments, 2, arguments.length);
    }
    CommandLineOptions options = new CommandLineOptions(rest);
    if (options.shouldList() || options.shouldHelp()) {
      org.openjdk.jmh.Main.main(rest);
      return;
    }
    Map<String, Row> rows = new TreeMap<>();
    for (int round = 0; round < rounds; round++) {
      Collection<RunResult> results = new Runner(options).run();
      double bandwidth = ceiling(results, "read", "gigabytes");
      double peak = ceiling(results, "multiplyAdd", "gigaOperations");
      for (RunResult result : results) {
        rows.computeIfAbsent(name(result.getParams()), name -> new Row()).add(result, bandwidth, peak);
      }
    }
    print(rows, System.out);
  }

  /** Rounds of one benchmark with one choice of parameters. */
  private static final class Row {

    private String unit = "";
    private final List<Double> scores = new ArrayList<>();
    private final List<Double> rates = new ArrayList<>();
    private final List<Double> operations = new ArrayList<>();
    private final List<Double> sharesOfBandwidth = new ArrayList<>();
    private final List<Double> sharesOfPeak = new ArrayList<>();

    void add(RunResult result, double bandwidth, double peak) {
      unit = result.getPrimaryResult().getScoreUnit();
      scores.add(result.getPrimaryResult().getScore());
      double gigabytes = secondary(result, "gigabytes");
      double gigaOperations = secondary(result, "gigaOperations");
      rates.add(gigabytes);
      operations.add(gigaOperations);
      sharesOfBandwidth.add(100 * gigabytes / bandwidth);
      sharesOfPeak.add(100 * gigaOperations / peak);
    }
  }

  private static double ceiling(Collection<RunResult> results, String method, String counter) {
    return results.stream()
        .filter(result -> result.getParams().getBenchmark().endsWith(CeilingBenchmark.class.getSimpleName() + "." + method))
        .mapToDouble(result -> secondary(result, counter))
        .findFirst()
        .orElse(Double.NaN);
  }

  private static double secondary(RunResult result, String counter) {
    Result<?> secondary = result.getSecondaryResults().get(counter);
    return secondary == null || secondary.getScore() == 0 ? Double.NaN : secondary.getScore();
  }

  private static String name(BenchmarkParams parameters) {
    String[] parts = parameters.getBenchmark().split("\\.");
    String values = parameters.getParamsKeys().stream()
        .map(key -> key + "=" + parameters.getParam(key))
        .collect(Collectors.joining(" "));
    return parts[parts.length - 2].replace("Benchmark", "") + "." + parts[parts.length - 1] + " " + values;
  }

  private static void print(Map<String, Row> rows, PrintStream out) {
    out.println();
    out.println("| benchmark | score | unit | GB/s | of read bandwidth | GFLOP/s | of FMA peak |");
    out.println("|---|---|---|---|---|---|---|");
    rows.forEach((name, row) -> out.printf(
        Locale.ROOT,
        "| %s | %.2f | %s | %s | %s | %s | %s |%n",
        name,
        median(row.scores),
        row.unit,
        cell("%.1f", median(row.rates)),
        cell("%.0f %%", median(row.sharesOfBandwidth)),
        cell("%.0f", median(row.operations)),
        cell("%.0f %%", median(row.sharesOfPeak))));
  }

  private static String cell(String format, double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
