package dev.jebena.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.fake.FakeModel;
import dev.jebena.engine.tck.fake.FakeOptions;
import dev.jebena.engine.tck.fake.FakeTokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class EngineAnswersTest {

  private static final long SEED = Long.getLong("jebena.seed", System.nanoTime());
  private static final int[] PROMPT = {FakeTokenizer.BEGIN, 'h', 'i'};

  private static String text(int[] tokens) {
    byte[] bytes = new byte[tokens.length];
    int length = 0;
    for (int token : tokens) {
      if (token < 256) {
        bytes[length++] = (byte) token;
      }
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private static int[] prompt(SplittableRandom random, int length) {
    return random.ints(length, 'a', 'z' + 1).toArray();
  }

  @Test
  void aTextIsContinuedToItsEnd() {
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS)) {
      int[] expected = FakeEngines.answer(PROMPT, 0, 509, FakeTokenizer.END);
      GenerationResult result = engine.generate("hi");
      assertArrayEquals(PROMPT, result.prompt().ids());
      assertArrayEquals(expected, result.tokenIds());
      assertEquals(text(expected), result.text());
      assertEquals(expected[expected.length - 1] == FakeTokenizer.END ? FinishReason.STOP : FinishReason.LENGTH, result.finishReason());
    }
  }

  @Test
  void aStopStringIsNeverStreamedWhereverItStands() {
    System.out.println("EngineAnswersTest: -Djebena.seed=" + SEED);
    SplittableRandom random = new SplittableRandom(SEED);
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS, FakeOptions.DEFAULTS.withPipelineDepth(2))) {
      for (int round = 0; round < 200; round++) {
        int[] prompt = prompt(random, 1 + random.nextInt(40));
        String whole = text(FakeEngines.answer(prompt, 0, 100, FakeTokenizer.END));
        if (whole.isEmpty()) {
          continue;
        }
        int from = random.nextInt(whole.length());
        String stop = whole.substring(from, Math.min(whole.length(), from + 1 + random.nextInt(5)));
        StringBuilder streamed = new StringBuilder();
        try (Generation generation =
            engine.submit(GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(100).stop("#never#", stop).build())) {
          for (Optional<GenerationChunk> chunk = generation.next(); chunk.isPresent(); chunk = generation.next()) {
            streamed.append(chunk.get().text());
            assertFalse(streamed.toString().contains(stop));
          }
          GenerationResult result = generation.result();
          assertEquals(whole.substring(0, whole.indexOf(stop)), result.text());
          assertEquals(result.text(), streamed.toString());
          assertEquals(FinishReason.STOP, result.finishReason());
          assertEquals(Optional.of(stop), result.finish().stopString());
          assertEquals(whole.indexOf(stop) + stop.length(), result.tokens().size(), "tokens up to the end of the stop string");
        }
      }
      FakeEngines.awaitAllFree(engine);
    }
  }

  @Test
  void aStopIdEndsAndIsNamed() {
    int[] whole = FakeEngines.answer(PROMPT, 0, 50);
    int stop = whole[20];
    int[] expected = FakeEngines.answer(PROMPT, 0, 50, stop);
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS)) {
      GenerationRequest.Builder builder = GenerationRequest.builder(Prompt.tokens(PROMPT)).ignoreEos().maxTokens(50).stopIds(stop);
      GenerationResult result = engine.generate(builder.build());
      assertArrayEquals(expected, result.tokenIds());
      assertEquals(OptionalInt.of(stop), result.finish().stopToken());
      assertEquals(text(Arrays.copyOf(expected, expected.length - 1)), result.text());
      assertEquals(text(expected), engine.generate(builder.includeStop().build()).text());
    }
  }

  @Test
  void endOfSequenceEndsUnlessItIsIgnored() {
    SplittableRandom random = new SplittableRandom(7);
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS)) {
      int ended = 0;
      for (int i = 0; i < 30; i++) {
        int[] prompt = prompt(random, 5);
        GenerationResult ending = engine.generate(GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(100).build());
        assertArrayEquals(FakeEngines.answer(prompt, 0, 100, FakeTokenizer.END), ending.tokenIds());
        if (ending.finishReason() == FinishReason.STOP) {
          ended++;
          assertEquals(OptionalInt.empty(), ending.finish().stopToken());
          assertEquals(FakeTokenizer.END, ending.tokenIds()[ending.tokens().size() - 1]);
        }
        GenerationResult ignoring = engine.generate(GenerationRequest.builder(Prompt.tokens(prompt)).ignoreEos().maxTokens(100).build());
        assertArrayEquals(FakeEngines.answer(prompt, 0, 100), ignoring.tokenIds());
        assertEquals(FinishReason.LENGTH, ignoring.finishReason());
        assertEquals(100, ignoring.tokens().size());
      }
      assertTrue(ended > 0);
    }
  }

  @Test
  void minTokensComeBeforeAnyEnd() {
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS)) {
      int stop = FakeEngines.answer(PROMPT, 0, 1)[0];
      GenerationRequest.Builder builder = GenerationRequest.builder(Prompt.tokens(PROMPT)).stopIds(stop).maxTokens(200);
      assertEquals(1, engine.generate(builder.build()).tokens().size());
      GenerationResult later = engine.generate(builder.minTokens(10).build());
      assertArrayEquals(FakeEngines.answer(PROMPT, 10, 200, stop, FakeTokenizer.END), later.tokenIds());
      assertTrue(later.tokens().size() > 10);
    }
  }

  @Test
  void maxTokensAndTheContextBoundTheLength() {
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS)) {
      for (int max : new int[] {1, 2, 16, 17, 511}) {
        GenerationResult result = engine.generate(GenerationRequest.builder(Prompt.tokens(PROMPT)).ignoreEos().maxTokens(max).build());
        assertEquals(Math.min(max, 509), result.tokens().size());
        assertEquals(FinishReason.LENGTH, result.finishReason());
      }
      assertEquals(509, engine.generate(GenerationRequest.builder(Prompt.tokens(PROMPT)).ignoreEos().build()).tokens().size());
      int[] full = prompt(new SplittableRandom(1), 511);
      assertEquals(1, engine.generate(GenerationRequest.builder(Prompt.tokens(full)).build()).tokens().size());
      GenerationResult none = engine.generate(GenerationRequest.builder(Prompt.tokens('x')).maxTokens(0).build());
      assertEquals(0, none.tokens().size());
      assertEquals(FinishReason.LENGTH, none.finishReason());
      assertEquals("", none.text());
      FakeEngines.awaitAllFree(engine);
    }
  }

  @Test
  void promptLogprobsAreTheSameWithAndWithoutPrefixHitsAndHoweverThePromptIsSpread() {
    int[] prompt = prompt(new SplittableRandom(3), 300);
    float[] expected = FakeModel.LANGUAGE.promptLogprobs(prompt);
    for (EngineConfig.Switch chunked : EngineConfig.Switch.values()) {
      for (EngineConfig.Switch prefixes : EngineConfig.Switch.values()) {
        EngineConfig config = EngineConfig.builder().chunkedPrefill(chunked).prefixCaching(prefixes).maxSequences(4).build();
        try (Engine engine = FakeEngines.load(config)) {
          engine.generate(GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(1).build());
          for (int max : new int[] {0, 1, 20}) {
            GenerationResult result = engine.generate(
                GenerationRequest.builder(Prompt.tokens(prompt)).ignoreEos().maxTokens(max).promptLogprobs(2).logprobs(3).build());
            List<GeneratedToken> scores = result.prompt().logprobs();
            assertEquals(prompt.length, scores.size());
            assertEquals(Optional.empty(), scores.get(0).logprobs());
            for (int i = 1; i < prompt.length; i++) {
              assertEquals(prompt[i], scores.get(i).id());
              assertEquals(expected[i - 1], scores.get(i).logprobs().orElseThrow().logprob());
              assertEquals(2, scores.get(i).logprobs().orElseThrow().top().size());
            }
            assertEquals(max, result.tokens().size());
            result.tokens().forEach(token -> assertEquals(3, token.logprobs().orElseThrow().top().size()));
          }
          GenerationResult again = engine.generate(GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(1).build());
          assertEquals(prefixes == EngineConfig.Switch.ON ? 288 : 0, again.prompt().cachedTokens());
          assertTrue(again.prompt().logprobs().isEmpty() && again.tokens().getFirst().logprobs().isEmpty());
        }
      }
    }
  }

  @Test
  void aSaltKeepsPrefixesApart() {
    int[] prompt = prompt(new SplittableRandom(4), 100);
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS)) {
      GenerationRequest.Builder builder = GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(1);
      assertEquals(0, engine.generate(builder.build()).prompt().cachedTokens());
      assertEquals(96, engine.generate(builder.build()).prompt().cachedTokens());
      assertEquals(0, engine.generate(builder.cacheSalt("a").build()).prompt().cachedTokens());
      assertEquals(96, engine.generate(builder.cacheSalt("a").build()).prompt().cachedTokens());
      assertEquals(0, engine.generate(builder.cacheSalt("b").build()).prompt().cachedTokens());
    }
  }

  @Test
  void aSeedGivesTheSameTokensAndAnotherSeedOthers() {
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS)) {
      SamplingParameters warm = SamplingParameters.GREEDY.withTemperature(1);
      int[] one = seeded(engine, warm.withSeed(1));
      assertArrayEquals(one, seeded(engine, warm.withSeed(1)));
      assertNotEquals(Arrays.toString(one), Arrays.toString(seeded(engine, warm.withSeed(2))));
    }
  }

  private static int[] seeded(Engine engine, SamplingParameters sampling) {
    return engine.generate(GenerationRequest.builder(Prompt.tokens(PROMPT)).sampling(sampling).ignoreEos().maxTokens(40).build())
        .tokenIds();
  }

  @Test
  void answersDoNotDependOnCompanyChunksPrefixesOrPreemption() {
    SplittableRandom random = new SplittableRandom(5);
    int[] shared = prompt(random, 60);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 65; i++) {
      int[] prompt = Arrays.copyOf(shared, 61 + random.nextInt(60));
      Arrays.setAll(prompt, at -> at < 20 + prompt.length % 40 ? shared[at] : 'a' + random.nextInt(26));
      prompts.add(prompt);
    }
    for (int variant = 0; variant < 16; variant++) {
      EngineConfig.Builder config = EngineConfig.builder()
          .chunkedPrefill((variant & 1) == 0 ? EngineConfig.Switch.ON : EngineConfig.Switch.OFF)
          .prefixCaching((variant & 2) == 0 ? EngineConfig.Switch.ON : EngineConfig.Switch.OFF)
          .maxSequences(65)
          .maxBatchedTokens(128);
      if ((variant & 4) != 0) {
        config.kvCacheBytes(40 * FakeEngines.BLOCK_BYTES);
      }
      try (Engine engine = FakeEngines.load(config.build(), FakeOptions.DEFAULTS.withPipelineDepth(1 + variant / 8))) {
        List<Generation> generations = prompts.stream()
            .map(prompt -> engine.submit(GenerationRequest.builder(Prompt.tokens(prompt)).ignoreEos().maxTokens(100).build()))
            .toList();
        for (int i = 0; i < prompts.size(); i++) {
          assertArrayEquals(FakeEngines.answer(prompts.get(i), 0, 100), generations.get(i).result().tokenIds());
        }
        FakeEngines.awaitAllFree(engine);
        assertEquals((variant & 4) != 0, engine.statistics().counters().preemptions() > 0);
      }
    }
  }

  @Test
  void aPoolThatHoldsASingleFullSequenceServesIt() {
    EngineConfig config = EngineConfig.builder().maxContext(512).kvCacheBytes(33 * FakeEngines.BLOCK_BYTES).build();
    try (Engine engine = FakeEngines.load(config)) {
      assertEquals(32, engine.statistics().kvBlocks());
      assertEquals(509, engine.generate(GenerationRequest.builder(Prompt.tokens(PROMPT)).ignoreEos().build()).tokens().size());
    }
    EngineConfig less = EngineConfig.builder().maxContext(512).kvCacheBytes(32 * FakeEngines.BLOCK_BYTES).build();
    assertThrows(EngineLoadException.class, () -> FakeEngines.load(less));
    EngineConfig fitted = EngineConfig.builder().kvCacheBytes(32 * FakeEngines.BLOCK_BYTES).build();
    try (Engine engine = FakeEngines.load(fitted)) {
      assertEquals(31 * 16, engine.maxContext());
      assertEquals(
          31 * 16 - 3, engine.generate(GenerationRequest.builder(Prompt.tokens(PROMPT)).ignoreEos().build()).tokens().size());
    }
  }

  @Test
  void whatDoesNotFitTheModelIsRefusedByField() {
    try (Engine engine = FakeEngines.load(EngineConfig.DEFAULTS)) {
      assertRefused("prompt", engine, GenerationRequest.builder(Prompt.tokens()));
      assertRefused("prompt", engine, GenerationRequest.builder(Prompt.tokens(258)));
      assertRefused("prompt", engine, GenerationRequest.builder(Prompt.tokens(-1)));
      assertRefused("prompt", engine, GenerationRequest.builder(Prompt.tokens(IntStream.range(0, 512).map(i -> 'a').toArray())));
      assertRefused(
          "prompt", engine, GenerationRequest.builder(Prompt.tokens(IntStream.range(0, 513).map(i -> 'a').toArray())).maxTokens(0));
      assertRefused("stopIds", engine, GenerationRequest.builder(Prompt.tokens(1)).stopIds(258));
      assertRefused(
          "logitBias",
          engine,
          GenerationRequest.builder(Prompt.tokens(1)).sampling(new SamplingParameters(0, 0, 1, 0, 1, 0, 0, Map.of(258, 1f), 0)));
      assertRefused("stop", engine, GenerationRequest.builder(Prompt.tokens(1)).stop(""));
      assertRefused("minTokens", engine, GenerationRequest.builder(Prompt.tokens(1)).maxTokens(1).minTokens(2));
      assertRefused("maxTokens", engine, GenerationRequest.builder(Prompt.tokens(1)).maxTokens(-1));
      assertRefused("logprobs", engine, GenerationRequest.builder(Prompt.tokens(1)).logprobs(-1));
      assertRefused("promptLogprobs", engine, GenerationRequest.builder(Prompt.tokens(1)).promptLogprobs(1025));
      engine.generate(GenerationRequest.builder(Prompt.tokens(IntStream.range(0, 512).map(i -> 'a').toArray())).maxTokens(0).build());
      FakeEngines.awaitAllFree(engine);
    }
  }

  private static void assertRefused(String field, Engine engine, GenerationRequest.Builder builder) {
    RequestException refused = assertThrows(RequestException.class, () -> engine.submit(builder.build()));
    assertEquals(field, refused.field());
  }
}
