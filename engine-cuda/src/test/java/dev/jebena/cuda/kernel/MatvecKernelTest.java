package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.kernel.LinearBench.Extras;
import dev.jebena.engine.weight.BlockType;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** matvec.cu, matvec_gate.cu and matvec_int8.cu against plain Java. */
class MatvecKernelTest {

  private static final int THREADS = 512;
  private static final float EPSILON = 1e-5f;
  /** Float32 sums of up to 1500 products. */
  private static final double EXACT = 2e-6;

  private final Random random = Floats.seeded("MatvecKernelTest");

  /** Columns over one chunk of 1024 and not a multiple of anything that the type does not ask for. */
  private int columns(BlockType type) {
    return switch (type.elements()) {
      case 1 -> 1024 + 1 + random.nextInt(60);
      case 32 -> 1024 + 32 * (1 + random.nextInt(3));
      default -> 256 * (4 + random.nextInt(3));
    };
  }

  @ParameterizedTest
  @EnumSource
  void productsOfEveryTypeAreThoseOfTheReference(BlockType type) {
    int columns = columns(type);
    int stride = columns + 1;
    for (int rowsAtOnce : new int[] {1, 4, 8}) {
      try (KernelBench bench = new KernelBench()) {
        int rows = rowsAtOnce + 1;
        float[] x = Floats.random(random, rows * stride);
        LinearBench linear = new LinearBench(
            bench, rows, Extras.BIAS_AND_RESIDUAL, random, RandomWeight.of(type, 19, columns, random), RandomWeight.of(type, 3, columns, random));
        long parts = linear.parts(16);
        bench.launch("matvec", "matvec_" + linear.weights[0].kernelName() + "_r" + rowsAtOnce, linear.launch(rowsAtOnce, THREADS), parts, 2,
            bench.floats(x), stride, columns, rows, 0L, 0f, 0f, 0);
        double error = linear.error(x, stride);
        assertTrue(error < EXACT, type + " with " + rowsAtOnce + " rows: error " + error);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRowHasTheSameBitsAloneAndAmongOthers(BlockType type) {
    int columns = columns(type);
    RandomWeight weight = RandomWeight.of(type, 5, columns, random);
    float[] x = Floats.random(random, 8 * columns);
    float[] together = product(weight, x, 8, 8);
    for (int rowsAtOnce : new int[] {1, 4}) {
      assertArrayEquals(together, product(weight, x, 8, rowsAtOnce));
    }
  }

  private float[] product(RandomWeight weight, float[] x, int rows, int rowsAtOnce) {
    try (KernelBench bench = new KernelBench()) {
      LinearBench linear = new LinearBench(bench, rows, Extras.NONE, random, weight);
      long parts = linear.parts(16);
      bench.launch("matvec", "matvec_" + weight.kernelName() + "_r" + rowsAtOnce, linear.launch(rowsAtOnce, THREADS), parts, 1, bench.floats(x),
          weight.columns(), weight.columns(), rows, 0L, 0f, 0f, 0);
      return linear.result(0);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "Q4_0", "Q6_K"})
  void theInputMayBeNormalisedOnTheWay(BlockType type) {
    int columns = columns(type);
    int rows = 3;
    float[] x = Floats.random(random, rows * columns);
    float[] normWeight = Floats.random(random, columns);
    try (KernelBench bench = new KernelBench()) {
      LinearBench linear = new LinearBench(bench, rows, Extras.BIAS_AND_RESIDUAL, random, RandomWeight.of(type, 7, columns, random));
      long parts = linear.parts(16);
      bench.launch("matvec", "matvec_" + linear.weights[0].kernelName() + "_r4", linear.launch(4, THREADS), parts, 1, bench.floats(x), columns,
          columns, rows, bench.floats(normWeight), EPSILON, 1f, 1);
      double error = linear.error(normalised(x, normWeight, rows, columns), columns);
      assertTrue(error < EXACT, type + ": error " + error);
    }
  }

  private static float[] normalised(float[] x, float[] weight, int rows, int columns) {
    float[] y = new float[x.length];
    for (int row = 0; row < rows; row++) {
      double squares = 0;
      for (int i = 0; i < columns; i++) {
        squares += (double) x[row * columns + i] * x[row * columns + i];
      }
      for (int i = 0; i < columns; i++) {
        y[row * columns + i] = (float) (x[row * columns + i] / Math.sqrt(squares / columns + EPSILON) * (weight[i] + 1));
      }
    }
    return y;
  }

  @ParameterizedTest
  @EnumSource
  void aGatedProductIsTheActivatedGateTimesUp(BlockType type) {
    int columns = columns(type);
    int rows = 5;
    float[] x = Floats.random(random, rows * columns);
    RandomWeight gate = RandomWeight.of(type, 11, columns, random);
    RandomWeight up = RandomWeight.of(type, 11, columns, random);
    for (int rowsAtOnce : new int[] {1, 4, 8}) {
      try (KernelBench bench = new KernelBench()) {
        LinearBench linear = new LinearBench(bench, rows, Extras.BIAS_AND_RESIDUAL, random, gate, up);
        long parts = linear.parts(8);
        KernelBench.Launch launch = KernelBench.Launch.of(2, Math.ceilDiv(rows, rowsAtOnce), THREADS);
        bench.launch("matvec_gate", "matvec_gate_" + gate.kernelName() + "_r" + rowsAtOnce, launch, parts, 0, bench.floats(x), columns, columns,
            rows, 0L, 0f, 0f, 0);
        float[] result = linear.result(0);
        for (int row = 0; row < rows; row++) {
          for (int column = 0; column < 11; column++) {
            double a = gate.times(column, x, row * columns) + linear.bias(0, column);
            double b = up.times(column, x, row * columns) + linear.bias(1, column);
            double expected = a / (1 + Math.exp(-a)) * b;
            double size = (1 + gate.sizeTimes(column, x, row * columns)) * (1 + up.sizeTimes(column, x, row * columns));
            assertTrue(Math.abs(result[row * 11 + column] - expected) < 4 * EXACT * size, type + " row " + row + " column " + column);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"}, mode = EnumSource.Mode.EXCLUDE)
  void integerProductsAreThoseOfTheRoundedInput(BlockType type) {
    int columns = columns(type);
    int rows = 5;
    float[] x = Floats.random(random, rows * columns);
    float[] rounded = rounded(x);
    for (int rowsAtOnce : new int[] {1, 4, 8}) {
      try (KernelBench bench = new KernelBench()) {
        LinearBench linear = new LinearBench(bench, rows, Extras.BIAS_AND_RESIDUAL, random, RandomWeight.of(type, 18, columns, random));
        long parts = linear.parts(16);
        bench.launch("matvec_int8", "matvec_int8_" + linear.weights[0].kernelName() + "_r" + rowsAtOnce, linear.launch(rowsAtOnce, THREADS), parts, 1,
            bench.floats(x), columns, columns, rows, 0L, 0f, 0f, 0);
        double error = linear.error(rounded, columns);
        assertTrue(error < EXACT, type + " with " + rowsAtOnce + " rows: error " + error);
      }
    }
  }

  /** What codes of 8 bits, 32 columns with a scale, leave of a row. */
  private static float[] rounded(float[] x) {
    float[] rounded = new float[x.length];
    for (int start = 0; start < x.length; start += 32) {
      float largest = 0;
      for (int i = start; i < start + 32; i++) {
        largest = Math.max(largest, Math.abs(x[i]));
      }
      for (int i = start; i < start + 32; i++) {
        rounded[i] = (float) Math.rint(x[i] * (127 / largest)) * (largest / 127);
      }
    }
    return rounded;
  }

  /** The norm is a factor of the row, which the codes do not see. */
  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q6_K"})
  void integerProductsAreGatedAndNormalisedLikeTheOthers(BlockType type) {
    int columns = columns(type);
    int rows = 3;
    float[] x = Floats.random(random, rows * columns);
    float[] normWeight = Floats.random(random, columns);
    float[] weighted = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      weighted[i] = x[i] * (normWeight[i % columns] + 1);
    }
    float[] rounded = rounded(weighted);
    RandomWeight gate = RandomWeight.of(type, 11, columns, random);
    RandomWeight up = RandomWeight.of(type, 11, columns, random);
    try (KernelBench bench = new KernelBench()) {
      LinearBench linear = new LinearBench(bench, rows, Extras.NONE, random, gate, up);
      long parts = linear.parts(8);
      bench.launch("matvec_int8", "matvec_gate_int8_" + gate.kernelName() + "_r4", KernelBench.Launch.of(2, 1, THREADS), parts, 0, bench.floats(x),
          columns, columns, rows, bench.floats(normWeight), EPSILON, 1f, 1);
      float[] result = linear.result(0);
      for (int row = 0; row < rows; row++) {
        double squares = 0;
        for (int i = 0; i < columns; i++) {
          squares += (double) x[row * columns + i] * x[row * columns + i];
        }
        double factor = 1 / Math.sqrt(squares / columns + EPSILON);
        for (int column = 0; column < 11; column++) {
          double a = gate.times(column, rounded, row * columns) * factor;
          double b = up.times(column, rounded, row * columns) * factor;
          double expected = a / (1 + Math.exp(-a)) * b;
          double size = (1 + gate.sizeTimes(column, rounded, row * columns) * factor) * (1 + up.sizeTimes(column, rounded, row * columns) * factor);
          assertTrue(Math.abs(result[row * 11 + column] - expected) < 4 * EXACT * size, type + " row " + row + " column " + column);
        }
      }
    }
  }

  @Test
  void integerProductsOfWhatIsNoNumberAreNone() {
    RandomWeight weight = RandomWeight.of(BlockType.Q8_0, 3, 1056, random);
    float[] x = new float[3 * 1056];
    x[40] = Float.NaN;
    x[1056 + 1050] = Float.POSITIVE_INFINITY;
    x[2 * 1056] = 1e-42f;
    try (KernelBench bench = new KernelBench()) {
      LinearBench linear = new LinearBench(bench, 3, Extras.NONE, random, weight);
      bench.launch("matvec_int8", "matvec_int8_q8_0_r4", KernelBench.Launch.of(1, 1, THREADS), linear.parts(16), 1, bench.floats(x), 1056, 1056, 3, 0L,
          0f, 0f, 0);
      float[] result = linear.result(0);
      assertTrue(Float.isNaN(result[0]));
      assertTrue(Float.isNaN(result[3]));
      assertEquals(0f, result[6]);
    }
  }
}
