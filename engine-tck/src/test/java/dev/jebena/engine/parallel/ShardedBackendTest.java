package dev.jebena.engine.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.shard.Shard;
import dev.jebena.engine.tck.Providers;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.WeightSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedBackendTest {

  private static final Program PROGRAM = TinyPrograms.llama(TinyShape.DEFAULT);

  @Test
  void memoryThatSufficesForOneRankOnlyIsRefusedAndGivenBack() {
    long rank = Shard.of(PROGRAM, 0, 2).program().weightBytes();
    MemoryBudget budget = new MemoryBudget(rank + rank / 2);
    try (ShardedBackend backend = ShardedBackend.open(Providers.reference(), 2, BackendSettings.DEFAULTS, budget)) {
      BackendException refused =
          assertThrows(BackendException.class, () -> backend.load(PROGRAM, new RandomWeights(1), LoadProgress.SILENT));
      assertTrue(refused.getMessage().contains("of 2 failed: the weights of"), refused.getMessage());
    }
    assertEquals(0, budget.reservedBytes());
  }

  @Test
  void progressIsThatOfAllRanks() {
    MemoryBudget budget = new MemoryBudget(1 << 30);
    Set<Long> totals = ConcurrentHashMap.newKeySet();
    Set<Long> done = ConcurrentHashMap.newKeySet();
    try (ShardedBackend backend = ShardedBackend.open(Providers.reference(), 3, BackendSettings.DEFAULTS, budget);
        var weights = backend.load(PROGRAM, new RandomWeights(1), (bytes, total) -> {
          done.add(bytes);
          totals.add(total);
        })) {
      assertTrue(weights.bytes() > PROGRAM.weightBytes());
      assertEquals(Set.of(weights.bytes()), totals);
      assertTrue(done.contains(weights.bytes()));
    }
    assertEquals(0, budget.reservedBytes());
  }

  @Test
  void everyRankAsksTheSourceForItsOwnWeightsOnly() {
    Shard shard = Shard.of(PROGRAM, 1, 2);
    WeightSource source = shard.weights(new RandomWeights(1));
    shard.program().weights().values().forEach(spec -> assertEquals(spec, source.weight(spec).spec()));
    Shard other = Shard.of(PROGRAM, 0, 2);
    var foreign = other.program().weights().values().stream().filter(spec -> spec.name().contains("[")).findFirst().orElseThrow();
    assertThrows(BackendException.class, () -> source.weight(foreign));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5})
  void aRankThatFailsFreesThoseThatWaitForIt(int ranks) {
    RankGroup group = new RankGroup(0, ranks, ranks, RankNode.ALONE, 99);
    AtomicInteger freed = new AtomicInteger();
    try (RankTeam team = new RankTeam(group, ranks, 99)) {
      RankException thrown = assertThrows(RankException.class, () -> team.run(local -> {
        if (local == ranks - 1) {
          throw new IllegalStateException("out of coffee");
        }
        Communicator communicator = group.communicator(local);
        Communicator.Rows rows = new Communicator.Rows(new float[4], 0, 4, 4);
        try {
          communicator.allReduce(rows, rows, 1);
        } catch (RankException e) {
          freed.incrementAndGet();
          throw e;
        }
      }));
      assertEquals("rank " + (ranks - 1) + " of " + ranks + " failed: out of coffee", thrown.getMessage());
      assertEquals(ranks - 1, freed.get());
      assertThrows(RankException.class, () -> team.run(local -> {}));
    }
  }

  @Test
  void collectivesOfThreadsAddAndGatherInTheOrderOfTheRanks() {
    int ranks = 3;
    RankGroup group = new RankGroup(0, ranks, ranks, RankNode.ALONE, 99);
    float[][] sums = new float[ranks][];
    float[][] gathered = new float[ranks][];
    List<Integer> offsets = List.of(0, 1, 3, 6);
    try (RankTeam team = new RankTeam(group, ranks, 99)) {
      for (int round = 0; round < 200; round++) {
        int number = round;
        team.run(local -> {
          Communicator communicator = group.communicator(local);
          float[] values = {1e8f * (local == 1 ? -1 : local == 0 ? 1 : 0), local + number, 7};
          sums[local] = new float[3];
          communicator.allReduce(new Communicator.Rows(values, 0, 3, 3), new Communicator.Rows(sums[local], 0, 3, 3), 1);
          float[] part = new float[2 * (local + 1)];
          java.util.Arrays.fill(part, local + number);
          gathered[local] = new float[12];
          communicator.allGather(
              new Communicator.Rows(part, 0, local + 1, local + 1), new Communicator.Rows(gathered[local], 0, 6, 6), offsets, 2);
        });
        for (int rank = 0; rank < ranks; rank++) {
          org.junit.jupiter.api.Assertions.assertArrayEquals(new float[] {0, 3 * number + 3, 21}, sums[rank]);
          int n = number;
          org.junit.jupiter.api.Assertions.assertArrayEquals(
              new float[] {n, n + 1, n + 1, n + 2, n + 2, n + 2, n, n + 1, n + 1, n + 2, n + 2, n + 2}, gathered[rank]);
        }
      }
    }
  }
}
