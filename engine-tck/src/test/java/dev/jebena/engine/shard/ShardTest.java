package dev.jebena.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.Providers;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.ShardedProvider;
import dev.jebena.engine.tck.StepDriver;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightSource;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What ranks compute together against what one computes alone. */
class ShardTest {

  private static final int TOKENS = 19;

  @ParameterizedTest
  @CsvSource({"9, 3, 2", "9, 3, 3", "9, 3, 4", "9, 3, 9", "8, 4, 3", "8, 4, 8", "6, 1, 4", "4, 4, 4", "5, 5, 2"})
  void ranksGiveTheAnswersOfOne(int heads, int kvHeads, int ranks) {
    for (BlockType type : List.of(BlockType.F32, BlockType.Q8_0, BlockType.Q4_1, BlockType.Q4_K)) {
      int block = Math.max(32, type.elements());
      TinyShape shape = new TinyShape(97, block, 2, heads, kvHeads, 8, 2 * block, type, new AttentionMask.SlidingWindow(5));
      compare(TinyPrograms.llama(shape), ranks, "heads " + heads + "/" + kvHeads + " " + type);
    }
  }

  static LongStream seeds() {
    return new Random(20261124).longs(60);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void ranksGiveTheAnswersOfOneWhateverTheArchitecture(long seed) {
    VariedPrograms.Varied varied = VariedPrograms.draw(seed);
    for (int ranks = 2; ranks <= 4; ranks++) {
      int queryHeads = varied.program().operations().stream()
          .filter(Op.Attention.class::isInstance).mapToInt(op -> ((Op.Attention) op).heads()).min().orElse(0);
      String what = "seed " + seed + ", " + ranks + " ranks, " + varied.traits();
      try {
        compare(varied.program(), ranks, what);
      } catch (ShardException e) {
        assertTrue(ranks > queryHeads || e.getMessage().contains("overlapping") || e.getMessage().contains("without a query head"), what + ": " + e);
      }
    }
  }

  private static void compare(Program program, int ranks, String what) {
    WeightSource weights = new RandomWeights(7);
    int[] tokens = new Random(5).ints(TOKENS, 0, program.vocabularySize()).toArray();
    float[][] alone = logprobs(Providers.reference(), program, weights, tokens);
    float[][] together = logprobs(new ShardedProvider(Providers.reference(), ranks), program, weights, tokens);
    for (int row = 0; row < alone.length; row++) {
      for (int id = 0; id < program.vocabularySize(); id++) {
        assertEquals(alone[row][id], together[row][id], 2e-4f, what + ", row " + row + ", token " + id);
      }
    }
  }

  /** Log-probabilities of all tokens, computed in two chunks. */
  private static float[][] logprobs(BackendProvider provider, Program program, WeightSource weights, int[] tokens) {
    int all = program.vocabularySize();
    try (StepDriver driver = new StepDriver(
        provider, BackendSettings.DEFAULTS, program, weights, new Limits(TOKENS, 2, TOKENS, 64), new KvFormat(KvType.F32, 4), 16, 3)) {
      driver.open(1, tokens, new SlotSettings(TOKENS, SamplingParameters.GREEDY, 0, new int[0], all, all));
      float[][] logprobs = new float[TOKENS][all];
      driver.run(1, 0, 7, 7);
      record(driver.step(), logprobs, 0);
      driver.run(1, 7, TOKENS - 7, TOKENS - 7);
      record(driver.step(), logprobs, 7);
      return logprobs;
    }
  }

  private static void record(StepResult result, float[][] logprobs, int first) {
    for (int row = 0; row < result.rows(); row++) {
      assertEquals(RowStatus.OK, result.status(row));
      for (int i = 0; i < result.topCount(row); i++) {
        logprobs[first + row][result.topToken(row, i)] = result.topLogprob(row, i);
      }
    }
  }

  @Test
  void ordinaryLayersHaveTwoSumsEachAndNothingElse() {
    TinyShape shape = new TinyShape(96, 32, 3, 9, 3, 8, 64, BlockType.F32, new AttentionMask.Causal());
    Shard shard = Shard.of(TinyPrograms.llama(shape), 1, 2);
    assertEquals(1 + 2 * 3, shard.program().operations().stream().filter(Op.AllReduce.class::isInstance).count());
    assertEquals(1, shard.program().operations().stream().filter(Op.AllGather.class::isInstance).count());
  }

  @Test
  void everyRankReadsItsPartOfTheWeightsAndTogetherTheyReadAll() {
    TinyShape shape = new TinyShape(97, 64, 2, 9, 3, 16, 128, BlockType.Q8_0, new AttentionMask.Causal());
    Program whole = TinyPrograms.llama(shape);
    for (int ranks = 2; ranks <= 3; ranks++) {
      long matrices = 0;
      int world = ranks;
      for (Shard shard : Stream.iterate(0, rank -> rank + 1).limit(ranks).map(rank -> Shard.of(whole, rank, world)).toList()) {
        matrices += shard.program().weights().values().stream().filter(spec -> spec.rows() > 1).mapToLong(spec -> spec.bytes()).sum();
        assertTrue(shard.program().weightBytes() < whole.weightBytes() * 0.7, "rank " + shard.rank());
      }
      long all = whole.weights().values().stream().filter(spec -> spec.rows() > 1).mapToLong(spec -> spec.bytes()).sum();
      assertEquals(all, matrices);
    }
  }

  @Test
  void threeKvHeadsOnTwoRanksAreTwoAndOne() {
    TinyShape shape = new TinyShape(96, 32, 1, 9, 3, 8, 64, BlockType.F32, new AttentionMask.Causal());
    Program whole = TinyPrograms.llama(shape);
    assertEquals(2, Shard.of(whole, 0, 2).program().kvGroups().getFirst().layers().getFirst().kvHeads());
    assertEquals(1, Shard.of(whole, 1, 2).program().kvGroups().getFirst().layers().getFirst().kvHeads());
  }

  @Test
  void moreRanksThanQueryHeadsAreRefusedWithTheNumbers() {
    TinyShape shape = new TinyShape(96, 32, 1, 4, 2, 8, 64, BlockType.F32, new AttentionMask.Causal());
    ShardException refused = assertThrows(ShardException.class, () -> Shard.of(TinyPrograms.llama(shape), 0, 5));
    assertTrue(refused.getMessage().contains("4 query heads over 2 KV heads") && refused.getMessage().contains("at most 4"), refused.getMessage());
  }
}
