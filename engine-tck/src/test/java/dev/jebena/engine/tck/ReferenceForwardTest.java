package dev.jebena.engine.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.weight.BlockType;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceForwardTest {

  private static final int TOKENS = 21;

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"})
  void agreesWithADecoderWrittenIndependentlyInDouble(BlockType type) {
    check(TinyShape.DEFAULT.withType(type));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 5, 100})
  void agreesWithItWhereOddLayersSeeAWindow(int window) {
    check(TinyShape.DEFAULT.withMask(new AttentionMask.SlidingWindow(window)));
  }

  private static void check(TinyShape shape) {
    RandomWeights weights = new RandomWeights(7);
    int[] tokens = new Random(5).ints(TOKENS, 0, shape.vocabulary()).toArray();
    double[][] expected = new NaiveLlama(shape, weights).logprobs(tokens);
    int all = shape.vocabulary();
    try (StepDriver driver =
        new StepDriver(
            Providers.reference(), BackendSettings.DEFAULTS, TinyPrograms.llama(shape), weights,
                new Limits(TOKENS, 2, TOKENS, 64),
            new KvFormat(KvType.F32, 4), 16, 3)) {
      driver.open(1, tokens, new SlotSettings(TOKENS, SamplingParameters.GREEDY, 0, new int[0], all, all));
      driver.run(1, 0, TOKENS, TOKENS);
      StepResult result = driver.step();
      for (int row = 0; row < TOKENS; row++) {
        assertEquals(RowStatus.OK, result.status(row));
        assertEquals(all, result.topCount(row));
        for (int i = 0; i < all; i++) {
          assertEquals(expected[row][result.topToken(row, i)], result.topLogprob(row, i), 2e-5, "row " + row);
        }
        if (row + 1 < TOKENS) {
          assertEquals(tokens[row + 1], result.token(row));
          assertEquals(expected[row][tokens[row + 1]], result.logprob(row), 2e-5);
        }
      }
    }
  }
}
