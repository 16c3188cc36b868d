package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.EngineStatistics;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.InMemoryModel;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loaded engines of several ranks: whatever else runs, a request has the bits that it has alone on as many ranks. */
class ManyStreamsOnRanksTest {

  private static final int STREAMS = 64;
  private static final int GENERATED = 24;

  @ParameterizedTest
  @CsvSource({"cpu, 2", "cpu, 3", "cpu, 4", "reference, 2", "reference, 3", "reference, 4"})
  void sixtyFourStreamsHaveTheBitsThatTheyHaveAlone(String backend, int ranks) {
    long seed = System.nanoTime();
    System.out.println("many streams on " + ranks + " ranks of " + backend + ": seed " + seed);
    Random random = new Random(seed);
    TinyShape shape = new TinyShape(97, 64, 2, 9, 3, 8, 96, BlockType.Q8_0, new AttentionMask.Causal());
    int[] shared = random.ints(40, 0, 97).toArray();
    List<GenerationRequest> requests = IntStream.range(0, STREAMS).mapToObj(i -> request(i, shared, random)).toList();
    try (Model model = InMemoryModel.random(shape, 256, 11)) {
      List<int[]> alone = new ArrayList<>();
      EngineConfig calm = config(backend, ranks).maxSequences(1).prefixCaching(EngineConfig.Switch.OFF).build();
      try (Engine engine = Engine.load(model, calm)) {
        requests.forEach(request -> alone.add(bits(engine.generate(request))));
      }
      // chunks of few tokens, prefixes shared, and so few blocks that sequences are preempted all the time
      EngineConfig crowded = config(backend, ranks).maxSequences(STREAMS).maxBatchedTokens(STREAMS + 7).noTargetStep()
          .kvCacheBytes(blockBytes(shape, ranks) * 110).maxContext(128).build();
      try (Engine engine = Engine.load(model, crowded)) {
        List<Generation> running = requests.stream().map(engine::submit).toList();
        for (int i = 0; i < STREAMS; i++) {
          assertArrayEquals(alone.get(i), bits(running.get(i).result()), "stream " + i + ", seed " + seed);
        }
        EngineStatistics.Counters counters = engine.statistics().counters();
        assertTrue(counters.preemptions() > 0, "nothing was preempted");
        assertTrue(counters.prefixHitTokens() > 0, "no prefix was found");
      }
    }
  }

  /** Bytes of a block of four tokens over all ranks; where ranks are more than KV heads, some hold copies. */
  private static long blockBytes(TinyShape shape, int ranks) {
    return 4L * Math.max(shape.kvHeads(), ranks) * 2 * shape.headDim() * Float.BYTES * shape.layers();
  }

  private static EngineConfig.Builder config(String backend, int ranks) {
    return EngineConfig.builder().backend(backend).tensorParallelSize(ranks).threads(2).kvType(KvType.F32).blockTokens(4);
  }

  private static GenerationRequest request(int number, int[] shared, Random random) {
    int[] own = random.ints(1 + random.nextInt(20), 0, 97).toArray();
    int[] prompt = number % 2 == 0 ? own : Arrays.copyOf(shared, shared.length + own.length);
    if (number % 2 == 1) {
      System.arraycopy(own, 0, prompt, shared.length, own.length);
    }
    GenerationRequest.Builder builder = GenerationRequest.builder(Prompt.tokens(prompt)).maxTokens(GENERATED).ignoreEos().logprobs(2);
    return number % 3 == 0 ? builder.sampling(SamplingParameters.GREEDY.withTemperature(1).withSeed(number)).build() : builder.build();
  }

  private static int[] bits(GenerationResult result) {
    assertEquals(GENERATED, result.tokens().size(), () -> String.valueOf(result.finish()));
    return result.tokens().stream()
        .flatMapToInt(token -> IntStream.of(token.id(), Float.floatToRawIntBits(token.logprobs().orElseThrow().logprob())))
        .toArray();
  }
}
