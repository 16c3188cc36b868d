package dev.jebena.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.reference.ReferenceBackendProvider;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.InMemoryModel;
import dev.jebena.engine.tck.TinyShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The engine over a backend that computes. */
@Timeout(120)
final class EngineReferenceTest {

  private static final int CONTEXT = 64;

  private static Engine load(EngineConfig.Builder config) {
    return Engine.loader(InMemoryModel.random(TinyShape.DEFAULT, CONTEXT, 11))
        .config(config.kvType(KvType.F32).blockTokens(4).build())
        .backend(new ReferenceBackendProvider())
        .load();
  }

  private static List<GenerationRequest> requests() {
    SplittableRandom random = new SplittableRandom(12);
    List<GenerationRequest> requests = new ArrayList<>();
    int[] shared = random.ints(20, 0, 96).toArray();
    for (int i = 0; i < 12; i++) {
      int[] prompt = Arrays.copyOf(shared, 10 + random.nextInt(20));
      prompt[prompt.length - 1] = i;
      SamplingParameters sampling =
          i % 2 == 0 ? SamplingParameters.GREEDY : SamplingParameters.GREEDY.withTemperature(1).withSeed(i);
      requests.add(
          GenerationRequest.builder(Prompt.tokens(prompt)).sampling(sampling).maxTokens(20).logprobs(2).promptLogprobs(1).build());
    }
    return requests;
  }

  @Test
  void answersAreTheSameHoweverTheyAreScheduled() {
    List<GenerationResult> expected;
    try (Engine engine = load(EngineConfig.builder().maxSequences(1).prefixCaching(EngineConfig.Switch.OFF))) {
      expected = requests().stream().map(engine::generate).toList();
      assertThrows(RequestException.class, () -> engine.generate("no tokenizer"));
    }
    for (int variant = 0; variant < 8; variant++) {
      EngineConfig.Builder config = EngineConfig.builder()
          .chunkedPrefill((variant & 1) == 0 ? EngineConfig.Switch.ON : EngineConfig.Switch.OFF)
          .prefixCaching((variant & 2) == 0 ? EngineConfig.Switch.ON : EngineConfig.Switch.OFF)
          .maxSequences(12)
          .maxBatchedTokens(24);
      if ((variant & 4) != 0) {
        // 2 layers, keys and values of 2 heads of 8 floats; 20 blocks of 4 tokens
        config.kvCacheBytes(20L * 4 * 2 * 2 * 16 * Float.BYTES);
      }
      try (Engine engine = load(config)) {
        List<Generation> generations = requests().stream().map(engine::submit).toList();
        for (int i = 0; i < generations.size(); i++) {
          assertSame(expected.get(i), generations.get(i).result());
        }
        FakeEngines.awaitAllFree(engine);
        assertEquals((variant & 4) != 0, engine.statistics().counters().preemptions() > 0);
      }
    }
  }

  private static void assertSame(GenerationResult expected, GenerationResult actual) {
    assertArrayEquals(expected.tokenIds(), actual.tokenIds());
    assertEquals(expected.prompt().logprobs().size(), actual.prompt().logprobs().size());
    assertClose(expected.prompt().logprobs(), actual.prompt().logprobs());
    assertClose(expected.tokens(), actual.tokens());
    assertTrue(actual.text().isEmpty());
  }

  private static void assertClose(List<GeneratedToken> expected, List<GeneratedToken> actual) {
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).logprobs().isPresent(), actual.get(i).logprobs().isPresent());
      if (expected.get(i).logprobs().isPresent()) {
        assertEquals(expected.get(i).logprobs().get().logprob(), actual.get(i).logprobs().get().logprob(), 1e-5);
      }
    }
  }
}
