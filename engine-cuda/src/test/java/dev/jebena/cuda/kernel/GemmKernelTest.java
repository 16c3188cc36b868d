package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.kernel.LinearBench.Extras;
import dev.jebena.engine.weight.BlockType;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** gemm.cu against plain Java. */
class GemmKernelTest {

  private static final int THREADS = 128;
  /** Factors of 16 bits: about 2^-18 of each product, and the roundings of the sum. */
  private static final double SPLIT = 6e-6;
  /** Factors of 8 bits. */
  private static final double BF16 = 0.004;

  private final Random random = Floats.seeded("GemmKernelTest");

  @ParameterizedTest
  @EnumSource
  void productsOfEveryTypeKeepTheReferencesAnswers(BlockType type) {
    check(type, "x3", 49152, SPLIT);
  }

  @ParameterizedTest
  @EnumSource
  void productsInBf16AreAsExactAsThatIs(BlockType type) {
    check(type, "x1", 32768, BF16);
  }

  private void check(BlockType type, String suffix, int sharedBytes, double bound) {
    int columns = type.elements() == 1 ? 64 + 1 + random.nextInt(70) : type.elements() == 32 ? 32 * (3 + random.nextInt(3)) : 256;
    int stride = columns + (random.nextBoolean() ? 0 : 4);
    int rows = 66;
    try (KernelBench bench = new KernelBench()) {
      float[] x = Floats.random(random, rows * stride);
      LinearBench linear = new LinearBench(
          bench, rows, Extras.BIAS_AND_RESIDUAL, random, RandomWeight.of(type, 67, columns, random), RandomWeight.of(type, 9, columns, random));
      long parts = linear.parts(64);
      bench.launch("gemm", "gemm_" + linear.weights[0].kernelName() + "_" + suffix, linear.launch(64, THREADS).withShared(sharedBytes), parts, 2,
          bench.floats(x), stride, columns, rows);
      double error = linear.error(x, stride);
      assertTrue(error < bound, type + " of " + columns + " columns: error " + error);
    }
  }
}
