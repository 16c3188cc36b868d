package dev.jebena.server.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The figures of a load test, under vLLM's names. */
final class LoadFigures {

  private final List<LoadRecord> records;
  private final List<LoadRecord> completed;
  private final double seconds;
  private final Map<String, Double> limitsMillis;

  LoadFigures(List<LoadRecord> records, long nanos, Map<String, Double> limitsMillis) {
    this.records = records;
    this.completed = records.stream().filter(LoadRecord::completed).toList();
    this.seconds = nanos / (double) Duration.ofSeconds(1).toNanos();
    this.limitsMillis = limitsMillis;
  }

  int completed() {
    return completed.size();
  }

  /** What the first request that failed was told. */
  Optional<String> firstError() {
    return records.stream().map(LoadRecord::error).filter(error -> !error.isEmpty()).findFirst();
  }

  Map<String, Object> json(String model, String endpoint, double rate, @Nullable Integer maxConcurrency) {
    long input = completed.stream().mapToLong(LoadRecord::promptTokens).sum();
    long output = completed.stream().mapToLong(LoadRecord::outputTokens).sum();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("endpoint_type", endpoint);
    values.put("model_id", model);
    values.put("num_prompts", records.size());
    values.put("request_rate", Double.isInfinite(rate) ? "inf" : rate);
    values.put("max_concurrency", maxConcurrency == null ? "none" : maxConcurrency);
    values.put("duration", seconds);
    values.put("completed", completed.size());
    values.put("failed", records.size() - completed.size());
    values.put("total_input_tokens", input);
    values.put("total_output_tokens", output);
    values.put("request_throughput", completed.size() / seconds);
    if (!limitsMillis.isEmpty()) {
      values.put("request_goodput", completed.stream().filter(this::isGood).count() / seconds);
    }
    values.put("output_throughput", output / seconds);
    values.put("total_token_throughput", (input + output) / seconds);
    distribution(values, "ttft", completed.stream().mapToDouble(LoadRecord::ttftMillis).toArray());
    distribution(values, "tpot", completed.stream().filter(record -> record.outputTokens() > 1).mapToDouble(LoadRecord::tpotMillis).toArray());
    distribution(values, "itl", gaps());
    distribution(values, "e2el", completed.stream().mapToDouble(LoadRecord::e2eMillis).toArray());
    return values;
  }

  private boolean isGood(LoadRecord record) {
    return record.ttftMillis() <= limitsMillis.getOrDefault("ttft", Double.MAX_VALUE)
        && record.tpotMillis() <= limitsMillis.getOrDefault("tpot", Double.MAX_VALUE)
        && record.e2eMillis() <= limitsMillis.getOrDefault("e2el", Double.MAX_VALUE);
  }

  private double[] gaps() {
    List<Double> gaps = new ArrayList<>();
    for (LoadRecord record : completed) {
      List<Long> arrivals = record.arrivals();
      for (int i = 1; i < arrivals.size(); i++) {
        gaps.add((arrivals.get(i) - arrivals.get(i - 1)) / 1e6);
      }
    }
    return gaps.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void distribution(Map<String, Object> values, String name, double[] millis) {
    double[] sorted = millis.clone();
    Arrays.sort(sorted);
    double mean = Arrays.stream(sorted).average().orElse(0);
    double variance = Arrays.stream(sorted).map(value -> (value - mean) * (value - mean)).average().orElse(0);
    values.put("mean_" + name + "_ms", mean);
    values.put("median_" + name + "_ms", percentile(sorted, 50));
    values.put("std_" + name + "_ms", Math.sqrt(variance));
    values.put("p99_" + name + "_ms", percentile(sorted, 99));
  }

  /** Interpolates between the two nearest values. */
  static double percentile(double[] sorted, double percent) {
    if (sorted.length == 0) {
      return 0;
    }
    double at = percent / 100 * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
