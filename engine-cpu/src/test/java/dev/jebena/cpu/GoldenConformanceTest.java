package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.GeneratedToken;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.TokenLogprobs;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.model.Model;
import dev.jebena.models.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers of real models against golden ones, which PyTorch computed in float32 from the same weights. */
@SuppressWarnings("unchecked")
class GoldenConformanceTest {

  private static final double CLEAR_MARGIN = 0.01;

  private static Path data(String relative) {
    String root = System.getProperty("jebena.data", System.getenv().getOrDefault("JEBENA_DATA", "../../shared/data"));
    Path path = Path.of(root, relative);
    Assumptions.assumeTrue(Files.exists(path), () -> "skipped: no conformance data at " + path + "; set jebena.data");
    return path;
  }

  private static EngineConfig config(String backend, KvType kvType, int ranks) {
    return EngineConfig.builder().backend(backend).kvType(kvType).maxContext(2048).maxSequences(4).tensorParallelSize(ranks).build();
  }

  /**
   * The reference backend is slow: it scores the shortest prompts only, and says so. An F16 cache rounds keys that differ in their last
   * bit to neighbours: ranks, which add in another order, are allowed twice as much with it.
   */
  @ParameterizedTest
  @CsvSource({"cpu, F32, 0.002, 1", "cpu, F16, 0.01, 1", "reference, F32, 0.002, 1", "reference, F16, 0.01, 1",
    "cpu, F32, 0.002, 2", "cpu, F32, 0.002, 3", "cpu, F32, 0.002, 4", "cpu, F16, 0.02, 2",
    "reference, F32, 0.002, 2", "reference, F32, 0.002, 3", "reference, F32, 0.002, 4"})
  void smolLm2GivesTheGoldenAnswers(String backend, KvType kvType, double tolerance, int ranks) throws IOException {
    Path folder = data("models/smollm2-135m-instruct");
    int steps = 0;
    double worst = 0;
    int skipped = 0;
    try (Model model = Models.open(folder.resolve("SmolLM2-135M-Instruct.Q4_1.gguf"));
        Engine engine = Engine.load(model, config(backend, kvType, ranks))) {
      for (String line : Files.readAllLines(folder.resolve("golden.jsonl"))) {
        Map<String, Object> golden = (Map<String, Object>) parse(line);
        if (!golden.containsKey("greedy_ids")) {
          continue;
        }
        int[] prompt = ints(golden.get("prompt_ids"));
        int[] greedy = ints(golden.get("greedy_ids"));
        if (backend.equals("reference") && prompt.length + greedy.length > 60) {
          skipped++;
          continue;
        }
        String name = ranks + " ranks of " + backend + " " + golden.get("name");
        worst = Math.max(worst, scoreContinuation(engine, prompt, greedy, (List<List<List<Number>>>) golden.get("top5"), tolerance, name));
        if (backend.equals("cpu")) {
          compareGreedy(engine, prompt, greedy, (List<List<List<Number>>>) golden.get("top5"), name);
        }
        steps += greedy.length;
      }
    }
    System.out.printf(
        "SmolLM2 on %d ranks of %s with %s cache: %d steps compared, worst log-probability difference %.6f, %d long prompts left out%n",
        ranks, backend, kvType, steps, worst, skipped);
    assertTrue(steps > 0);
  }

  private static double scoreContinuation(
      Engine engine, int[] prompt, int[] greedy, List<List<List<Number>>> top5, double tolerance, String name) {
    int[] all = Arrays.copyOf(prompt, prompt.length + greedy.length);
    System.arraycopy(greedy, 0, all, prompt.length, greedy.length);
    GenerationResult scored = engine.generate(
        GenerationRequest.builder(Prompt.tokens(all)).maxTokens(0).promptLogprobs(20).build());
    List<GeneratedToken> tokens = scored.prompt().logprobs();
    assertEquals(all.length, tokens.size(), name);
    double worst = 0;
    for (int i = 0; i < greedy.length; i++) {
      TokenLogprobs logprobs = tokens.get(prompt.length + i).logprobs().orElseThrow();
      Map<Integer, Float> ours = new LinkedHashMap<>();
      logprobs.top().forEach(alternative -> ours.put(alternative.token(), alternative.logprob()));
      for (List<Number> expected : top5.get(i)) {
        Float our = ours.get(expected.get(0).intValue());
        assertTrue(our != null, name + " step " + i + ": token " + expected.get(0) + " is not among the 20 most likely");
        double difference = Math.abs(our - expected.get(1).doubleValue());
        assertTrue(difference < tolerance, name + " step " + i + ": token " + expected + " is off by " + difference);
        worst = Math.max(worst, difference);
      }
    }
    return worst;
  }

  private static void compareGreedy(Engine engine, int[] prompt, int[] greedy, List<List<List<Number>>> top5, String name) {
    GenerationResult result = engine.generate(
        GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(greedy.length).ignoreEos().build());
    int[] ids = result.tokenIds();
    int clear = 0;
    while (clear < greedy.length
        && top5.get(clear).get(0).get(1).doubleValue() - top5.get(clear).get(1).get(1).doubleValue() >= CLEAR_MARGIN) {
      clear++;
    }
    assertArrayEquals(Arrays.copyOf(greedy, clear), Arrays.copyOf(ids, clear), name);
  }

  @ParameterizedTest
  @CsvSource({"cpu, F32", "cpu, F16"})
  void smolLm2HasTheGoldenPerplexity(String backend, KvType kvType) throws IOException {
    Path folder = data("models/smollm2-135m-instruct");
    try (Model model = Models.open(folder.resolve("SmolLM2-135M-Instruct.Q4_1.gguf"));
        Engine engine = Engine.load(model, config(backend, kvType, 1))) {
      for (String line : Files.readAllLines(folder.resolve("golden.jsonl"))) {
        Map<String, Object> golden = (Map<String, Object>) parse(line);
        if (golden.containsKey("perplexity")) {
          GenerationResult scored = engine.generate(
              GenerationRequest.builder(Prompt.tokens(ints(golden.get("ids")))).maxTokens(0).promptLogprobs(0).build());
          double nll = scored.prompt().logprobs().stream().skip(1).mapToDouble(token -> -token.logprobs().orElseThrow().logprob()).average()
              .orElseThrow();
          double expected = ((Number) golden.get("perplexity")).doubleValue();
          System.out.printf("SmolLM2 perplexity on %s with %s cache: %.5f, golden %.5f%n", backend, kvType, Math.exp(nll), expected);
          assertEquals(expected, Math.exp(nll), expected * 0.001);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu, F32, 1", "cpu, F16, 1", "reference, F32, 1", "cpu, F32, 2", "cpu, F32, 3", "cpu, F32, 4", "cpu, F16, 3",
    "reference, F32, 2", "reference, F32, 3", "reference, F32, 4"})
  void stories260kGivesTheGoldenIds(String backend, KvType kvType, int ranks) throws IOException {
    Path folder = data("models/stories260K");
    Map<String, Object> golden = (Map<String, Object>) parse(Files.readString(folder.resolve("golden.json")));
    int[] all = ints(golden.get("ids"));
    int[] ids = Arrays.copyOfRange(all, 1, all.length);
    try (Model model = Models.open(folder.resolve("stories260K-f32.gguf"));
        Engine engine = Engine.load(model, EngineConfig.builder().backend(backend).kvType(kvType).tensorParallelSize(ranks).build())) {
      GenerationResult result =
          engine.generate(GenerationRequest.builder(Prompt.tokens(all[0])).maxTokens(ids.length).ignoreEos().build());
      assertArrayEquals(ids, result.tokenIds(), backend);
      System.out.println("stories260K on " + ranks + " ranks of " + backend + " with " + kvType + " cache: " + ids.length + " ids compared");
    }
  }

  @Test
  void theSameAnswersComeHoweverTheyAreComputed() throws IOException {
    Path folder = data("models/smollm2-135m-instruct");
    int[] prompt = null;
    for (String line : Files.readAllLines(folder.resolve("golden.jsonl"))) {
      Map<String, Object> golden = (Map<String, Object>) parse(line);
      if (golden.containsKey("prompt_ids") && prompt == null) {
        prompt = ints(golden.get("prompt_ids"));
      }
    }
    List<int[]> answers = new ArrayList<>();
    try (Model model = Models.open(folder.resolve("SmolLM2-135M-Instruct.Q4_1.gguf"))) {
      List<EngineConfig> configs = List.of(
          EngineConfig.builder().maxContext(512).build(),
          EngineConfig.builder().maxContext(512).chunkedPrefill(EngineConfig.Switch.OFF).prefixCaching(EngineConfig.Switch.OFF).build(),
          EngineConfig.builder().maxContext(512).maxSequences(2).maxBatchedTokens(7).noTargetStep().blockTokens(8).build());
      for (EngineConfig config : configs) {
        try (Engine engine = Engine.load(model, config)) {
          GenerationRequest request = GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(32).ignoreEos().logprobs(0).build();
          List<dev.jebena.engine.Generation> others = new ArrayList<>();
          for (int i = 0; i < 5; i++) {
            others.add(engine.submit(GenerationRequest.builder(Prompt.tokens(i + 5, 9, 17 + i)).maxTokens(20).ignoreEos().build()));
          }
          answers.add(bits(engine.generate(request)));
          others.forEach(dev.jebena.engine.Generation::result);
          answers.add(bits(engine.generate(request)));
        }
      }
    }
    for (int[] answer : answers) {
      assertArrayEquals(answers.getFirst(), answer);
    }
  }

  /** Ids and the bits of their log-probabilities. */
  private static int[] bits(GenerationResult result) {
    return result.tokens().stream()
        .flatMapToInt(token -> java.util.stream.IntStream.of(
            token.id(), Float.floatToRawIntBits(token.logprobs().orElseThrow().logprob())))
        .toArray();
  }

  private static int[] ints(Object list) {
    return ((List<Number>) list).stream().mapToInt(Number::intValue).toArray();
  }

  private static Object parse(String text) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(text)) {
      json.nextToken();
      return value(json);
    }
  }

  private static Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
          String key = json.currentName();
          json.nextToken();
          map.put(key, value(json));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(json));
        }
        yield list;
      }
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT -> json.getLongValue();
      case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }
}
