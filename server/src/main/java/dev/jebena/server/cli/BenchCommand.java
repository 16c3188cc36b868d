package dev.jebena.server.cli;

import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.EngineConfig.Switch;
import dev.jebena.models.ModelOptions;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures prefill, decode and batched decode. */
@Command(
    name = "bench",
    header = "Measures how fast a model runs here.",
    description = {
      "Measures a model: prefill of one prompt (pp), decode of one sequence (tg), and decode of many at once (batch).",
      "Every test is warmed up, then repeated; median, least and most are shown, in tokens per second.",
      "batchN: N sequences of 128 prompt tokens generate 64 tokens each; the figure is all tokens generated in the steps in which",
      "all N decode, by the time of these steps. Prompts are random and share nothing."
    })
final class BenchCommand implements Callable<Integer> {

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Mixin
  private final EngineOptions engineOptions = new EngineOptions();

  @Parameters(arity = "0..1", paramLabel = "MODEL", description = "A GGUF file, or a name such as smollm2:135m (the model that is installed).")
  private String model = "";

  @Option(names = {"-p", "--prompt-tokens"}, split = ",", paramLabel = "N", defaultValue = "512",
      description = "Tokens of the prompt whose prefill is measured (${DEFAULT-VALUE}); 0: leave out.")
  private List<Integer> promptTokens = List.of(512);

  @Option(names = {"-n", "--generated-tokens"}, split = ",", paramLabel = "N", defaultValue = "128",
      description = "Tokens to generate when decode is measured (${DEFAULT-VALUE}); 0: leave out.")
  private List<Integer> generatedTokens = List.of(128);

  @Option(names = {"-b", "--batch-sizes"}, split = ",", paramLabel = "N", defaultValue = "1,2,4,8,16,32",
      description = "Numbers of sequences that decode together (${DEFAULT-VALUE}); 0: leave out.")
  private List<Integer> batchSizes = List.of(1, 2, 4, 8, 16, 32);

  @Option(names = {"-r", "--repetitions"}, paramLabel = "N", defaultValue = "5", description = "Repetitions of each test (${DEFAULT-VALUE}).")
  private int repetitions = 5;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of the random prompts (${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(names = "--json", description = "Print one JSON array.")
  private boolean json;

  BenchCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    List<Workload> workloads = workloads();
    ModelLocator locator = new ModelLocator(surroundings);
    Path path = model.isEmpty() ? locator.shipped() : locator.locate(model);
    if (engineOptions.follow(path)) {
      return ExitCode.DONE;
    }
    StepLog log = new StepLog();
    try (LoadedEngine loaded = LoadedEngine.load(path, ModelOptions.idsOnly(), config(workloads), log, surroundings)) {
      String threads = loaded.engine().backendReport().facts().getOrDefault("threads", "1");
      List<Map<String, Object>> rows = new ArrayList<>();
      try (Progress progress = new Progress(surroundings)) {
        Bench bench = new Bench(loaded.engine(), log, seed);
        for (Workload workload : workloads) {
          progress.say(workload.name() + ": " + repetitions + " repetitions after the warm-up");
          rows.add(row(workload, threads, bench.measure(workload, repetitions)));
        }
      }
      if (json) {
        JsonLines.write(surroundings.out(), rows);
      } else {
        print(loaded, rows);
      }
      return ExitCode.DONE;
    }
  }

  private List<Workload> workloads() {
    if (repetitions < 1 || repetitions > 10_000) {
      throw new UsageException("--repetitions is " + repetitions + ": use a number from 1 to 10000");
    }
    List<Workload> workloads = new ArrayList<>();
    promptTokens.forEach(tokens -> add(workloads, tokens, Workload::prefill));
    generatedTokens.forEach(tokens -> add(workloads, tokens, Workload::decode));
    batchSizes.forEach(sequences -> add(workloads, sequences, Workload::batch));
    if (workloads.isEmpty()) {
      throw new UsageException("nothing is left to measure: give -p, -n or -b a number over 0");
    }
    return workloads;
  }

  private static void add(List<Workload> workloads, int size, java.util.function.IntFunction<Workload> workload) {
    if (size < 0 || size > 1 << 20) {
      throw new UsageException(size + " is not a size to measure: use a number from 0 to " + (1 << 20));
    }
    if (size > 0) {
      workloads.add(workload.apply(size));
    }
  }

  /** Steps that are as large as the prompts, and nothing remembered between repetitions. */
  private EngineConfig config(List<Workload> workloads) {
    int sequences = workloads.stream().mapToInt(Workload::sequences).max().orElse(1);
    int context = workloads.stream().mapToInt(Workload::tokens).max().orElse(1);
    int stepTokens = IntStream.concat(IntStream.of(512, sequences), workloads.stream().mapToInt(Workload::promptTokens)).max().orElse(512);
    return EngineOptions.build(engineOptions.builder()
        .prefixCaching(Switch.OFF)
        .maxSequences(sequences)
        .maxBatchedTokens(stepTokens)
        .maxContext(context + 1)
        .noTargetStep());
  }

  private static Map<String, Object> row(Workload workload, String threads, Bench.Measured measured) {
    double[] rates = measured.rates();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("test", workload.name());
    row.put("threads", Integer.parseInt(threads));
    row.put("median_tok_s", rounded(rates[rates.length / 2]));
    row.put("min_tok_s", rounded(rates[0]));
    row.put("max_tok_s", rounded(rates[rates.length - 1]));
    measured.collectives().ifPresent(collectives -> {
      row.put("collectives_per_step", collectives.calls() / measured.steps());
      row.put("collective_bytes_per_step", collectives.resultBytes() / measured.steps());
      row.put("collective_share", rounded((double) collectives.nanos() / measured.stepNanos()));
    });
    return row;
  }

  private static double rounded(double rate) {
    return Math.round(rate * 100) / 100.0;
  }

  private void print(LoadedEngine loaded, List<Map<String, Object>> rows) {
    PrintStream out = surroundings.out();
    out.println(loaded.model().name() + ", backend " + loaded.engine().backendSelection().chosen().name());
    out.printf("%-10s %8s %12s %12s %12s%n", "test", "threads", "median tok/s", "min tok/s", "max tok/s");
    for (Map<String, Object> row : rows) {
      out.printf(Locale.ROOT, "%-10s %8d %12.1f %12.1f %12.1f", row.values().toArray());
      if (row.get("collective_share") instanceof Double share && row.get("collective_bytes_per_step") instanceof Long bytes) {
        out.printf(Locale.ROOT, "   %s collectives a step, %s, %.0f %% of the time", row.get("collectives_per_step"),
            Sizes.ofBytes(bytes), 100 * share);
      }
      out.println();
    }
  }
}
