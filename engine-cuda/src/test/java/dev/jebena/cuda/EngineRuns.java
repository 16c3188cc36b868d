package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.parallel.Cluster;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.InMemoryModel;
import dev.jebena.engine.tck.Providers;
import dev.jebena.engine.tck.TinyShape;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Requests to a whole engine over a tiny model, whose prompts share beginnings, and the reference's answers to them. */
final class EngineRuns {

  private static final int CONTEXT = 48;
  private static final int BLOCK_TOKENS = 4;
  private static final String SECRET = "a secret of this test";

  /** 2 layers, keys and values of 8 floats a head: 14 blocks, which 8 sequences of up to 28 tokens cannot share without preemption. */
  private static final long FEW_BLOCKS_OF_A_HEAD = 14L * BLOCK_TOKENS * 2 * 16 * Float.BYTES;

  private EngineRuns() {}

  static Model model() {
    return InMemoryModel.random(TinyShape.DEFAULT, CONTEXT, 11);
  }

  static EngineConfig finished(EngineConfig.Builder config) {
    return config.kvType(KvType.F32).computeType(ComputeType.F32).blockTokens(BLOCK_TOKENS).build();
  }

  static Engine load(BackendProvider provider, EngineConfig.Builder config) {
    return Engine.loader(model()).config(finished(config)).backend(provider).load();
  }

  /** Many sequences and few blocks in each process. */
  static EngineConfig.Builder crowded(int ranks, int ranksHere) {
    // 2 key heads on 4 ranks: each has one, two of them a copy
    int headsHere = ranks == 1 ? 2 : ranksHere;
    return EngineConfig.builder().tensorParallelSize(ranks).maxSequences(8).maxBatchedTokens(24).kvCacheBytes(headsHere * FEW_BLOCKS_OF_A_HEAD);
  }

  /** The same as one of two nodes. */
  static EngineConfig.Builder node(EngineConfig.Builder config, int node, int port) {
    return config.cluster(Cluster.of(2, node, "127.0.0.1", port, SECRET));
  }

  static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  static List<GenerationRequest> requests(int count) {
    SplittableRandom random = new SplittableRandom(12);
    List<GenerationRequest> requests = new ArrayList<>();
    int[] shared = random.ints(20, 0, 96).toArray();
    for (int i = 0; i < count; i++) {
      int[] prompt = Arrays.copyOf(shared, 8 + random.nextInt(12));
      prompt[prompt.length - 1] = i;
      SamplingParameters sampling =
          i % 2 == 0 ? SamplingParameters.GREEDY : SamplingParameters.GREEDY.withTemperature(1).withSeed(i);
      requests.add(GenerationRequest.builder(Prompt.tokens(prompt)).sampling(sampling).maxTokens(8).build());
    }
    return requests;
  }

  static List<List<Integer>> expected(int count) {
    try (Engine engine = load(Providers.reference(), EngineConfig.builder())) {
      return requests(count).stream().map(engine::generate).map(EngineRuns::tokens).toList();
    }
  }

  static List<Integer> tokens(GenerationResult result) {
    return Arrays.stream(result.tokenIds()).boxed().toList();
  }

  static List<List<Integer>> run(Engine engine, int count) {
    List<Generation> generations = requests(count).stream().map(engine::submit).toList();
    return generations.stream().map(Generation::result).map(EngineRuns::tokens).toList();
  }

  /** Runs 8 requests at once on an engine that is {@link #crowded}. */
  static void requirePreemptionAndPrefixHits(Engine engine) {
    assertEquals(expected(8), run(engine, 8));
    assertTrue(engine.statistics().counters().preemptions() > 0, "the cache is small enough to preempt");
    assertTrue(engine.statistics().counters().prefixHitTokens() > 0, "the prompts share beginnings");
  }

  /** Drops requests that run and that wait, and sees that those that are left have their answers and all blocks come back. */
  static void requireCancellation(Engine engine) {
    List<Generation> kept = requests(2).stream().map(engine::submit).toList();
    List<Generation> dropped = requests(6).subList(2, 6).stream().map(engine::submit).toList();
    dropped.forEach(Generation::close);
    assertEquals(expected(2), kept.stream().map(Generation::result).map(EngineRuns::tokens).toList());
    assertEquals(expected(4), run(engine, 4), "the slots and blocks of those that are gone serve others");
  }
}
