package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine, its scheduler and its cache over emulated devices: the tokens are those of the reference backend. */
@Timeout(240)
class EngineOnDevicesTest extends EmulatedTest {

  private static EngineConfig.Builder roomy(int devices) {
    return EngineConfig.builder().tensorParallelSize(devices).maxSequences(4).maxBatchedTokens(24).kvCacheBytes(1 << 20);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void answersAreTheReferencesOnAnyNumberOfDevices(int devices) {
    // 2 key heads on 4 devices: two of them hold a copy
    try (Engine engine = EngineRuns.load(new CudaBackendProvider(), roomy(devices))) {
      int count = devices == 4 ? 2 : 4;
      assertEquals(EngineRuns.expected(count), EngineRuns.run(engine, count));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void preemptedSequencesAndSharedPrefixesGiveTheSameAnswers(int devices) {
    try (Engine engine = EngineRuns.load(new CudaBackendProvider(), EngineRuns.crowded(devices, devices))) {
      EngineRuns.requirePreemptionAndPrefixHits(engine);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void cancelledRequestsFreeTheirBlocksAndLeaveTheOthersAlone(int devices) {
    try (Engine engine = EngineRuns.load(new CudaBackendProvider(), roomy(devices))) {
      EngineRuns.requireCancellation(engine);
    }
  }

  /** Both nodes live in this process, each with the devices that it would have in its own: from 0 on. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void ranksOfTwoNodesMeetThroughTheHostAndGiveTheSameAnswers(int ranks) throws Exception {
    int port = EngineRuns.freePort();
    CompletableFuture<Void> follower = CompletableFuture.runAsync(
        () -> Engine.follow(EngineRuns.model(), EngineRuns.finished(EngineRuns.node(roomy(ranks), 1, port).backend("cuda"))));
    try (Engine engine = EngineRuns.load(new CudaBackendProvider(), EngineRuns.node(roomy(ranks), 0, port))) {
      assertEquals(EngineRuns.expected(1), EngineRuns.run(engine, 1));
    }
    follower.get();
  }
}
