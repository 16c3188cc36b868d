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
import dev.jebena.engine.parallel.Cluster;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.InMemoryModel;
import dev.jebena.engine.tck.Providers;
import dev.jebena.engine.tck.TinyShape;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine, its scheduler and its cache over emulated devices: the tokens are those of the reference backend. */
@Timeout(240)
class EngineOnDevicesTest extends EmulatedTest {

  private static final int CONTEXT = 48;

  /** 2 layers, keys and values of 2 heads of 8 floats; 14 blocks of 4 tokens. */
  private static final long FEW_BLOCKS = 14L * 4 * 2 * 2 * 16 * Float.BYTES;

  private static Engine load(BackendProvider provider, EngineConfig.Builder config) {
    return Engine.loader(InMemoryModel.random(TinyShape.DEFAULT, CONTEXT, 11))
        .config(config.kvType(KvType.F32).computeType(ComputeType.F32).blockTokens(4).build())
        .backend(provider)
        .load();
  }

  private static List<GenerationRequest> requests(int count) {
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

  private static List<List<Integer>> expected(int count) {
    try (Engine engine = load(Providers.reference(), EngineConfig.builder())) {
      return requests(count).stream().map(engine::generate).map(EngineOnDevicesTest::tokens).toList();
    }
  }

  private static List<Integer> tokens(GenerationResult result) {
    return Arrays.stream(result.tokenIds()).boxed().toList();
  }

  private static List<List<Integer>> run(Engine engine, int count) {
    List<Generation> generations = requests(count).stream().map(engine::submit).toList();
    return generations.stream().map(Generation::result).map(EngineOnDevicesTest::tokens).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void answersAreTheReferencesOnAnyNumberOfDevices(int devices) {
    // 2 key heads on 4 devices: two of them hold a copy
    try (Engine engine = load(
        new CudaBackendProvider(),
        EngineConfig.builder().tensorParallelSize(devices).maxSequences(4).maxBatchedTokens(24).kvCacheBytes(1 << 20))) {
      int count = devices == 4 ? 2 : 4;
      assertEquals(expected(count), run(engine, count));
    }
  }

  /** Both nodes live in this process, each with the devices that it would have in its own: from 0 on. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void ranksOfTwoNodesMeetThroughTheHostAndGiveTheSameAnswers(int ranks) throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    CompletableFuture<Void> follower = CompletableFuture.runAsync(
        () -> Engine.follow(
            InMemoryModel.random(TinyShape.DEFAULT, CONTEXT, 11),
            node(1, ranks, port).backend("cuda").kvType(KvType.F32).computeType(ComputeType.F32).blockTokens(4).build()));
    try (Engine engine = load(new CudaBackendProvider(), node(0, ranks, port))) {
      assertEquals(expected(1), run(engine, 1));
    }
    follower.get();
  }

  private static EngineConfig.Builder node(int node, int ranks, int port) {
    return EngineConfig.builder().tensorParallelSize(ranks).maxSequences(2).maxBatchedTokens(24).kvCacheBytes(1 << 20)
        .cluster(Cluster.of(2, node, "127.0.0.1", port, "a secret of this test"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void preemptedSequencesAndSharedPrefixesGiveTheSameAnswers(int devices) {
    long bytes = FEW_BLOCKS;
    try (Engine engine = load(
        new CudaBackendProvider(),
        EngineConfig.builder().tensorParallelSize(devices).maxSequences(8).maxBatchedTokens(24).kvCacheBytes(bytes))) {
      assertEquals(expected(8), run(engine, 8));
      assertTrue(engine.statistics().counters().preemptions() > 0, "the cache is small enough to preempt");
      assertTrue(engine.statistics().counters().prefixHitTokens() > 0, "the prompts share beginnings");
    }
  }

  @Test
  void cancelledRequestsFreeTheirBlocksAndLeaveTheOthersAlone() {
    try (Engine engine = load(
        new CudaBackendProvider(), EngineConfig.builder().maxSequences(4).maxBatchedTokens(24).kvCacheBytes(1 << 20))) {
      List<Generation> kept = requests(2).stream().map(engine::submit).toList();
      List<Generation> dropped = requests(6).subList(2, 6).stream().map(engine::submit).toList();
      dropped.forEach(Generation::close);
      assertEquals(expected(2), kept.stream().map(Generation::result).map(EngineOnDevicesTest::tokens).toList());
    }
  }
}
