package dev.jebena.engine.tck;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.Site;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attention over the cache by itself, against the reference backend. */
public interface AttentionTck extends TckSubject {

  /**
   * One attention.
   *
   * @param groupSize query heads of a key head
   */
  record Case(int kvHeads, int groupSize, int headDim, int valueDim, AttentionMask mask, float softCap, Sinks sinks) {

    Case(int kvHeads, int groupSize, int headDim, int valueDim, AttentionMask mask, float softCap) {
      this(kvHeads, groupSize, headDim, valueDim, mask, softCap, Sinks.NONE);
    }

    Program program() {
      int heads = kvHeads * groupSize;
      return OneOperation.cached(
          List.of(heads * headDim, kvHeads * headDim, kvHeads * valueDim),
          heads * valueDim,
          new KvGroup.CacheLayer(kvHeads, headDim, valueDim),
          (builder, inputs, out) -> {
            builder.append(new Op.KvWrite(Site.of("write"), 0, 0, inputs.get(1), inputs.get(2)));
            builder.append(
                new Op.Attention(
                    Site.of("attention"), inputs.get(0), out, 0, 0, heads, kvHeads, headDim, valueDim,
                    (float) (1 / Math.sqrt(headDim)),
                    mask, softCap,
                    sinks == Sinks.NONE ? Optional.empty() : Optional.of(OneOperation.table("unit_sinks", 1, heads))));
          });
    }
  }

  /** Whether the heads have sinks. */
  enum Sinks {
    NONE,
    EACH_HEAD
  }

  @ParameterizedTest
  @EnumSource
  default void attendsThroughEveryCacheType(KvType type) {
    Random random = OperationTck.seeded("attention " + type);
    for (int headDim : new int[] {32, 64, 8, 20, 1, 80}) {
      KvFormat format = new KvFormat(type, 1 + random.nextInt(20));
      compare(new Case(2, 2, headDim, headDim, new AttentionMask.Causal(), 0), format, random);
    }
  }

  @Test
  default void attendsWithEveryNumberOfHeads() {
    Random random = OperationTck.seeded("attention heads");
    for (int kvHeads : new int[] {1, 2, 3}) {
      for (int groupSize : new int[] {1, 2, 3, 4, 7}) {
        compare(new Case(kvHeads, groupSize, 16, 16, new AttentionMask.Causal(), 0), new KvFormat(KvType.F32, 16), random);
      }
    }
  }

  @Test
  default void attendsWithValuesOfAnotherSizeThanKeys() {
    Random random = OperationTck.seeded("attention sizes");
    compare(new Case(2, 2, 24, 16, new AttentionMask.Causal(), 0), new KvFormat(KvType.F32, 16), random);
    compare(new Case(1, 3, 16, 33, new AttentionMask.Causal(), 0), new KvFormat(KvType.F32, 16), random);
  }

  @Test
  default void attendsWithinAWindow() {
    Random random = OperationTck.seeded("attention window");
    for (int window : new int[] {1, 2, 7, 16, 17, 1000}) {
      compare(new Case(2, 2, 16, 16, new AttentionMask.SlidingWindow(window), 0), new KvFormat(KvType.F32, 8), random);
    }
  }

  @Test
  default void capsScores() {
    Random random = OperationTck.seeded("attention cap");
    compare(new Case(2, 2, 16, 16, new AttentionMask.Causal(), 1.5f), new KvFormat(KvType.F32, 8), random);
    compare(new Case(2, 1, 16, 16, new AttentionMask.SlidingWindow(5), 50), new KvFormat(KvType.F32, 8), random);
  }

  @Test
  default void letsHeadsLookAtNothingThroughSinks() {
    Random random = OperationTck.seeded("attention sinks");
    for (int groupSize : new int[] {1, 2, 5}) {
      compare(
          new Case(2, groupSize, 16, 16, new AttentionMask.Causal(), 0, Sinks.EACH_HEAD), new KvFormat(KvType.F32, 16), random);
    }
    compare(new Case(2, 2, 16, 24, new AttentionMask.SlidingWindow(5), 2, Sinks.EACH_HEAD), new KvFormat(KvType.F32, 8), random);
    // in several splits
    compare(new Case(1, 2, 16, 16, new AttentionMask.Causal(), 0, Sinks.EACH_HEAD), new KvFormat(KvType.F32, 16), random, scale().of(600, 300), 256);
  }

  @Test
  default void attendsOverLongContexts() {
    Random random = OperationTck.seeded("attention long");
    Case attention = new Case(1, 2, 16, 16, new AttentionMask.Causal(), 0);
    compare(attention, new KvFormat(KvType.F32, 16), random, scale().of(1500, 400), scale().of(256, 150));
  }

  private void compare(Case attention, KvFormat format, Random random) {
    int tokens = 1 + random.nextInt(scale().of(90, 40));
    compare(attention, format, random, tokens, 1 + random.nextInt(tokens));
  }

  private void compare(Case attention, KvFormat format, Random random, int length, int chunk) {
    Program program = attention.program();
    int vocabulary = program.vocabularySize();
    int[] tokens = random.ints(length, 0, vocabulary).toArray();
    RandomWeights weights = new RandomWeights(random.nextLong());
    Limits limits = new Limits(length, 1, length, length + 1);
    int blocks = length / format.blockTokens() + 3;
    try (StepDriver reference = reference(program, weights, limits, format, blocks);
        StepDriver subject = subject(program, weights, limits, format, blocks, random.nextLong())) {
      float[][] expected = LogprobTable.of(reference, vocabulary, length, tokens);
      float[][] actual = LogprobTable.of(subject, vocabulary, chunk, tokens);
      double tolerance = Tolerances.afterReduction(length + attention.headDim());
      if (format.type() == KvType.Q8_0 || format.type() == KvType.FP8) {
        // where 8-bit codes round is not specified to the bit
        tolerance = 0.03;
      }
      String what = attention + " " + format + " of " + length + " by " + chunk;
      LogprobTable.assertClose(expected, actual, tolerance * toleranceFactor(), what);
    }
  }
}
