package dev.jebena.benchmarks.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An engine that is run as a process of its own and tells its rates on standard output. */
sealed interface Contender {

  ObjectMapper JSON = new ObjectMapper();

  /** What tables call it. */
  String name();

  /** Runs a workload once; tokens per second of each test that this contender can run. */
  Map<String, Double> run(Workload workload);

  /**
   * This engine.
   *
   * @param launcher its command
   */
  record Jebena(Path launcher) implements Contender {

    @Override
    public String name() {
      return "jebena";
    }

    @Override
    public Map<String, Double> run(Workload workload) {
      String output = Processes.output(List.of(
          launcher.toString(), "bench", workload.model().toString(), "-p", String.valueOf(workload.promptTokens()),
          "-n", String.valueOf(workload.generatedTokens()), "-b", String.valueOf(workload.sequences()), "-r", "1",
          "-t", String.valueOf(workload.threads()), "--json"));
      Map<String, Double> rates = new LinkedHashMap<>();
      for (JsonNode row : parse(output)) {
        rates.put(row.get("test").asText(), row.get("median_tok_s").asDouble());
      }
      return rates;
    }
  }

  /**
   * A llama.cpp that was built elsewhere; batches need {@code llama-batched-bench} beside it.
   *
   * @param llamaBench its {@code llama-bench}
   */
  record LlamaCpp(Path llamaBench) implements Contender {

    @Override
    public String name() {
      return "llama.cpp";
    }

    @Override
    public Map<String, Double> run(Workload workload) {
      String threads = String.valueOf(workload.threads());
      String output = Processes.output(List.of(
          llamaBench.toString(), "-m", workload.model().toString(), "-p", String.valueOf(workload.promptTokens()),
          "-n", String.valueOf(workload.generatedTokens()), "-t", threads, "-r", "1", "-o", "json"));
      Map<String, Double> rates = new LinkedHashMap<>();
      for (JsonNode row : parse(output)) {
        rates.put(row.get("n_gen").asInt() == 0 ? workload.prefillTest() : workload.decodeTest(), row.get("avg_ts").asDouble());
      }
      Path batched = llamaBench.resolveSibling("llama-batched-bench");
      if (workload.sequences() > 0 && Files.isExecutable(batched)) {
        int context = workload.sequences() * (Workload.BATCH_PROMPT_TOKENS + Workload.BATCH_GENERATED_TOKENS);
        String line = Processes.output(List.of(
            batched.toString(), "-m", workload.model().toString(), "-c", String.valueOf(context), "-b", "2048", "-ub", "512",
            "-npp", String.valueOf(Workload.BATCH_PROMPT_TOKENS), "-ntg", String.valueOf(Workload.BATCH_GENERATED_TOKENS),
            "-npl", String.valueOf(workload.sequences()), "-t", threads, "-tb", threads, "--output-format", "jsonl"));
        for (JsonNode row : Processes.jsonLines(line)) {
          if (row.has("speed_tg")) {
            rates.put(workload.batchTest(), row.get("speed_tg").asDouble());
          }
        }
      }
      return rates;
    }
  }

  /**
   * An engine from the registries, in a JVM of its own, driven by a main class that prints {@code {"test":...,"tok_s":...}} lines.
   *
   * @param model what it reads: the workload's own file, or a folder made from it
   */
  record JvmPeer(String name, List<String> java, String mainClass, Path model) implements Contender {

    @Override
    public Map<String, Double> run(Workload workload) {
      List<String> command = new java.util.ArrayList<>(java);
      command.addAll(List.of(
          mainClass, model.toString(), workload.prompt().toString(), String.valueOf(workload.promptTokens()),
          String.valueOf(workload.generatedTokens()), String.valueOf(workload.threads())));
      Map<String, Double> rates = new LinkedHashMap<>();
      for (JsonNode row : Processes.jsonLines(Processes.output(command))) {
        if (row.has("tok_s")) {
          rates.put(row.get("test").asText(), row.get("tok_s").asDouble());
        }
      }
      return rates;
    }
  }

  private static JsonNode parse(String output) {
    try {
      return JSON.readTree(output);
    } catch (IOException notJson) {
      throw new UncheckedIOException("not JSON: " + output, notJson);
    }
  }
}
