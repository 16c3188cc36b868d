package dev.jebena.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs every benchmark for a moment on small inputs, so that none of them rots. Says nothing about speed. */
class BenchmarksRunTest {

  @BeforeAll
  static void allowOtherRuns() {
    System.setProperty("jmh.ignoreLock", "true");
  }

  private static Collection<RunResult> run(Class<?> benchmark, Map<String, String[]> parameters) throws RunnerException {
    ChainedOptionsBuilder options = new OptionsBuilder()
        .include(benchmark.getName() + "\\.")
        .forks(0)
        .warmupIterations(0)
        .measurementIterations(1)
        .measurementTime(TimeValue.milliseconds(1))
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT);
    parameters.forEach(options::param);
    Collection<RunResult> results = new Runner(options.build()).run();
    assertTrue(results.stream().allMatch(result -> result.getPrimaryResult().getScore() > 0), "a benchmark did nothing");
    return results;
  }

  private static String[] values(String... values) {
    return values;
  }

  @Test
  void ceilings() throws RunnerException {
    assertEquals(2, run(CeilingBenchmark.class, Map.of()).size());
  }

  @Test
  void productsOfEveryType() throws RunnerException {
    Map<String, String[]> small = Map.of(
        "tokens", values("1", "5"), "columns", values("256"), "rows", values("192"), "weightMebibytes", values("0"));
    assertEquals(22, run(LinearBenchmark.class, small).size());
  }

  @Test
  void attention() throws RunnerException {
    Map<String, String[]> small = Map.of("context", values("40"), "tokens", values("1", "7"), "cacheMebibytes", values("0"));
    assertEquals(8, run(AttentionBenchmark.class, small).size());
  }

  @Test
  void sampling() throws RunnerException {
    assertEquals(SamplerBenchmark.Way.values().length, run(SamplerBenchmark.class, Map.of("vocabulary", values("1000"))).size());
  }

  @Test
  void scheduling() throws RunnerException {
    assertEquals(4, run(SchedulerBenchmark.class, Map.of("sequences", values("1", "256"))).size());
  }

  @Test
  void text() throws RunnerException {
    Map<String, String[]> paths = Map.of(
        "model", values("../models/weights/SmolLM2-135M-Instruct.Q4_1.gguf"), "text", values("../LICENSE"));
    assertEquals(4, run(TextBenchmark.class, paths).size());
  }

  @Test
  void hostileTexts() throws RunnerException {
    Map<String, String[]> small = Map.of("model", values("../models/weights/SmolLM2-135M-Instruct.Q4_1.gguf"), "characters", values("1000"));
    assertEquals(HostileTextBenchmark.Kind.values().length, run(HostileTextBenchmark.class, small).size());
  }

  @Test
  void tokenizersSideBySide(@TempDir Path folder) throws RunnerException, IOException {
    Path file = Files.writeString(
        folder.resolve("tokenizer.json"), "{\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"?\",\"vocab\":{\"?\":0}}}");
    Map<String, String[]> paths = Map.of("tokenizer", values(file.toString()), "text", values("../LICENSE"));
    assertEquals(3, run(TokenizerBenchmark.class, paths).size());
  }
}
