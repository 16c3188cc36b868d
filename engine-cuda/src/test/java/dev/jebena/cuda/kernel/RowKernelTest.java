package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.kernel.KernelBench.Launch;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.weight.BlockType;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** embed.cu, norm.cu, rope.cu, elementwise.cu and cache.cu against plain Java. */
class RowKernelTest {

  private final Random random = Floats.seeded("RowKernelTest");

  @ParameterizedTest
  @EnumSource
  void embeddingGivesTheRowsAsStored(BlockType type) {
    int columns = type.elements() == 1 ? 45 : type.elements() == 32 ? 96 : 512;
    RandomWeight weight = RandomWeight.of(type, 7, columns, random);
    int[] index = {3, 0, 6, 3};
    for (int firstEntry : new int[] {-1, 2}) {
      try (KernelBench bench = new KernelBench()) {
        long out = bench.empty(4L * (3 * (columns + 1) + columns));
        bench.launch("embed", "embed_" + weight.kernelName(), Launch.of(4, 1, 128), out, columns + 1, bench.bytes(weight.body()),
            weight.head().length == 0 ? 0L : bench.bytes(weight.head()), columns, 7, firstEntry, bench.ints(index), 4);
        for (int row = 0; row < 4; row++) {
          int entry = index[row] - Math.max(firstEntry, 0);
          float[] expected = entry < 0 ? new float[columns] : weight.values()[entry];
          assertArrayEquals(expected, bench.readFloats(out + 4L * row * (columns + 1), columns), 1e-6f, type + " row " + row);
        }
      }
    }
  }

  @Test
  void tokensThatOnlyTheDeviceKnowsAreTakenFromTheirSlots() {
    try (KernelBench bench = new KernelBench()) {
      long out = bench.empty(12);
      bench.launch("embed", "step_tokens", Launch.of(1, 1, 128), out, bench.ints(5, -1, 9), bench.ints(0, 2, 1), bench.ints(70, 71, 72), 3);
      assertArrayEquals(new int[] {5, 72, 9}, bench.readInts(out, 3));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 70, 70", "1, 70, 70", "0, 96, 24", "1, 9000, 9000", "0, 9000, 9000"})
  void normsAreThoseOfTheReference(int kind, int columns, int groupColumns) {
    int rows = 3;
    float[] in = Floats.random(random, rows * columns);
    float[] residual = Floats.random(random, rows * columns);
    float[] weight = Floats.random(random, groupColumns);
    float[] bias = Floats.random(random, columns);
    int block = Math.min(512, Math.ceilDiv(groupColumns, 32) * 32);
    try (KernelBench bench = new KernelBench()) {
      long out = bench.empty(4L * in.length);
      long sum = bench.floats(residual);
      bench.launch("norm", "norm_rows", Launch.of(rows, columns / groupColumns, block), out, columns, bench.floats(in), columns, sum, columns, sum,
          columns, bench.floats(weight), groupColumns, bench.floats(bias), columns, columns, groupColumns, 1e-5f, 0.5f, kind);
      float[] result = bench.readFloats(out, in.length);
      float[] sums = bench.readFloats(sum, in.length);
      for (int from = 0; from < in.length; from += groupColumns) {
        double mean = 0;
        double squares = 0;
        for (int i = from; i < from + groupColumns; i++) {
          assertEquals(in[i] + residual[i], sums[i]);
          mean += kind == 1 ? (double) sums[i] / groupColumns : 0;
        }
        for (int i = from; i < from + groupColumns; i++) {
          squares += (sums[i] - mean) * (sums[i] - mean);
        }
        for (int i = from; i < from + groupColumns; i++) {
          double expected = (sums[i] - mean) / Math.sqrt(squares / groupColumns + 1e-5f) * (weight[i - from] + 0.5f) + bias[i % columns];
          assertEquals(expected, result[i], 2e-6 * (1 + Math.abs(expected)) * 4, "column " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 12", "1, 12", "0, 7", "1, 5"})
  void positionsTurnPairsAsTheReferenceDoes(int pairing, int pairs) {
    int heads = 5;
    int headDim = 25;
    int[] position = {0, 3, 131071};
    float[] in = Floats.random(random, 3 * heads * headDim);
    float[] inverse = new float[pairs];
    for (int i = 0; i < pairs; i++) {
      inverse[i] = (float) Math.pow(10000, -i / (double) pairs);
    }
    try (KernelBench bench = new KernelBench()) {
      long values = bench.floats(in);
      bench.launch("rope", "rope", Launch.of(2, 3, 128), values, heads * headDim, values, heads * headDim, heads, headDim, pairs, pairing,
          bench.floats(inverse), 1.25f, bench.ints(position), 3);
      float[] expected = in.clone();
      for (int at = 0; at < in.length; at += headDim) {
        turn(expected, at, pairs, pairing, inverse, 1.25f, position[at / (heads * headDim)]);
      }
      assertArrayEquals(expected, bench.readFloats(values, in.length), 3e-6f);
    }
  }

  private static void turn(float[] values, int at, int pairs, int pairing, float[] inverse, float magnitude, int position) {
    for (int pair = 0; pair < pairs; pair++) {
      double angle = (double) position * inverse[pair];
      int first = at + (pairing == 0 ? pair : 2 * pair);
      int second = at + (pairing == 0 ? pair + pairs : 2 * pair + 1);
      double x = values[first];
      double y = values[second];
      values[first] = (float) ((x * Math.cos(angle) - y * Math.sin(angle)) * magnitude);
      values[second] = (float) ((x * Math.sin(angle) + y * Math.cos(angle)) * magnitude);
    }
  }

  @ParameterizedTest
  @EnumSource
  void keysAreNormalisedTurnedAndStoredWithTheirValues(KvType type) {
    CacheImage cache = new CacheImage(type, 2, 44, 37, 3, 5);
    int heads = 3;
    int rows = 3;
    int[] position = {4, 0, 2};
    int[] sequence = {0, 1, 2};
    int[] table = {2, 3, 4, 1, 0, 0};
    float[] q = Floats.random(random, rows * heads * 44);
    float[] k = Floats.random(random, rows * 2 * 44);
    float[] v = Floats.random(random, rows * 2 * 37);
    float[] kNorm = Floats.random(random, 44);
    float[] inverse = Floats.random(random, 20);
    try (KernelBench bench = new KernelBench()) {
      long memory = bench.empty(cache.bytes.capacity());
      long qAt = bench.floats(q);
      bench.launch("rope", "rope_kv_" + cache.kernelName(), Launch.of(2, rows, 128), qAt, heads * 44, qAt, heads * 44, heads, bench.floats(k), 88,
          bench.floats(v), 74, 2, 44, 37, 20, 0, bench.floats(inverse), 1f, 0L, bench.floats(kNorm), 1e-5f, 0f, memory, cache.blockBytes(),
          cache.layerOffset(), 3, bench.ints(table), 2, bench.ints(sequence), bench.ints(position), rows);
      float[] expectedQ = q.clone();
      for (int row = 0; row < rows; row++) {
        for (int head = 0; head < heads; head++) {
          turn(expectedQ, (row * heads + head) * 44, 20, 0, inverse, 1, position[row]);
        }
        int block = table[sequence[row] * 2 + position[row] / 3];
        for (int head = 0; head < 2; head++) {
          float[] key = Arrays.copyOfRange(k, (row * 2 + head) * 44, (row * 2 + head + 1) * 44);
          double squares = 0;
          for (float x : key) {
            squares += (double) x * x;
          }
          for (int i = 0; i < 44; i++) {
            key[i] = (float) (key[i] / Math.sqrt(squares / 44 + 1e-5f) * kNorm[i]);
          }
          turn(key, 0, 20, 0, inverse, 1, position[row]);
          checkStored(bench, memory, cache, cache.keyAt(block, head, position[row] % 3), key, 0, 44);
          checkStored(bench, memory, cache, cache.valueAt(block, head, position[row] % 3), v, (row * 2 + head) * 37, 37);
        }
      }
      assertArrayEquals(expectedQ, bench.readFloats(qAt, q.length), 3e-6f);
    }
  }

  /** The stored row is what it should be to the rounding of its type, padding included. */
  private static void checkStored(KernelBench bench, long memory, CacheImage cache, int at, float[] expected, int from, int dim) {
    cache.store(at, expected, from, dim);
    CacheImage stored = new CacheImage(cache.type, cache.kvHeads, cache.keyDim, cache.valueDim, cache.blockTokens, cache.blocks);
    stored.bytes.put(at, bench.readBytes(memory + at, cache.rowBytes(dim)));
    for (int i = 0; i < dim; i++) {
      float want = cache.read(at, i, dim);
      double step =
          switch (cache.type) {
            case F32 -> 3e-6;
            case F16 -> 0.001 * (Math.abs(want) + 1e-3);
            case BF16 -> 0.008 * (Math.abs(want) + 1e-3);
            case Q8_0 -> 0.04;
            case FP8 -> 0.13 * (Math.abs(want) + 1e-2);
          };
      assertEquals(want, stored.read(at, i, dim), step, cache.type + " column " + i);
    }
    int used =
        switch (cache.type) {
          case F32 -> 4 * dim;
          case F16, BF16 -> 2 * dim;
          case Q8_0 -> Math.ceilDiv(dim, 32) * 34;
          case FP8 -> dim;
        };
    for (int i = used; i < cache.rowBytes(dim); i++) {
      assertEquals(0, stored.bytes.get(at + i), "padding");
    }
  }

  @Test
  void elementsAreMappedCombinedGatedSelectedAndCleared() {
    int columns = 300;
    float[] a = Floats.random(random, 2 * columns);
    float[] b = Floats.random(random, 2 * columns);
    Launch launch = Launch.of(2, 2, 256);
    try (KernelBench bench = new KernelBench()) {
      long x = bench.floats(a);
      long y = bench.floats(b);
      for (int function = 0; function < 6; function++) {
        long out = bench.empty(8L * columns);
        bench.launch("elementwise", "map", launch, out, columns, x, columns, columns, function, 1.5f);
        float[] result = bench.readFloats(out, 2 * columns);
        for (int i = 0; i < result.length; i++) {
          assertEquals(mapped(function, a[i]), result[i], 1e-6, "function " + function + " of " + a[i]);
        }
      }
      long out = bench.empty(8L * columns);
      for (int kind = 0; kind < 2; kind++) {
        bench.launch("elementwise", "combine", launch, out, columns, x, columns, y, columns, columns, kind);
        float[] result = bench.readFloats(out, 2 * columns);
        for (int i = 0; i < result.length; i++) {
          assertEquals(kind == 0 ? a[i] + b[i] : a[i] * b[i], result[i]);
        }
      }
      bench.launch("elementwise", "gate", launch, out, columns, x, columns, y, columns, columns, 0);
      float[] gated = bench.readFloats(out, 2 * columns);
      for (int i = 0; i < gated.length; i++) {
        assertEquals(mapped(0, a[i]) * b[i], gated[i], 2e-6);
      }
      bench.launch("elementwise", "select_rows", launch, out, columns, x, columns, columns, bench.ints(1, 1));
      assertArrayEquals(Arrays.copyOfRange(a, columns, 2 * columns), bench.readFloats(out, columns));
      bench.launch("elementwise", "add_bias", launch, out, columns, y, columns);
      assertEquals(a[columns + 7] + b[7], bench.readFloats(out, columns)[7]);
      bench.launch("elementwise", "zero", launch, out, columns, columns);
      assertArrayEquals(new float[2 * columns], bench.readFloats(out, 2 * columns));
    }
  }

  /** Of F16 pieces the scale of the row brings sizes back that half does not know. */
  @Test
  void rowsAreCutIntoPiecesThatAddUpToThem() {
    int columns = 301;
    int stride = 320;
    float[] x = Floats.random(random, 2 * columns);
    for (int i = 0; i < columns; i++) {
      x[i] *= 1e6f;
      x[columns + i] *= 1e-7f;
    }
    for (String type : new String[] {"f16", "bf16"}) {
      for (int pieces : new int[] {1, 2}) {
        try (KernelBench bench = new KernelBench()) {
          long high = bench.empty(2L * 2 * stride);
          long low = pieces == 2 ? bench.empty(2L * 2 * stride) : 0L;
          long scales = type.equals("f16") ? bench.empty(8) : 0L;
          bench.launch("split", "split_" + type + "_x" + pieces, Launch.of(2, 1, 256), high, low, scales, bench.floats(x), columns, columns, stride);
          double bits = type.equals("f16") ? 11.0 * pieces : 8.0 * pieces;
          for (int row = 0; row < 2; row++) {
            float scale = type.equals("f16") ? bench.readFloats(scales, 2)[row] : 1;
            double largest = 0;
            for (int i = 0; i < columns; i++) {
              largest = Math.max(largest, Math.abs(x[row * columns + i]));
            }
            for (int i = 0; i < columns; i++) {
              long at = 2L * (row * stride + i);
              double sum = (piece(bench, high + at, type) + (pieces == 2 ? piece(bench, low + at, type) : 0.0)) * scale;
              // half's subnormals stop 2^-39 below the largest of the row
              double bound = Math.abs(x[row * columns + i]) * Math.pow(2, -bits) + (type.equals("f16") ? largest * 0x1p-38 : 0);
              assertEquals(x[row * columns + i], sum, bound, type + " in " + pieces);
            }
          }
        }
      }
    }
  }

  private static float piece(KernelBench bench, long address, String type) {
    byte[] bytes = bench.readBytes(address, 2);
    short bits = (short) (bytes[0] & 0xFF | bytes[1] << 8);
    return type.equals("f16") ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
  }

  @Test
  void productsAreScaledAndSummedUpBehindTheLibrary() {
    float[] product = Floats.random(random, 2 * 300);
    float[] bias = Floats.random(random, 300);
    float[] residual = Floats.random(random, 2 * 300);
    try (KernelBench bench = new KernelBench()) {
      long out = bench.floats(product);
      bench.launch("split", "finish_rows", Launch.of(2, 2, 256), out, 300, 300, bench.floats(4, 0.5f), bench.floats(bias), bench.floats(residual), 300);
      float[] result = bench.readFloats(out, 600);
      for (int i = 0; i < 600; i++) {
        assertEquals(product[i] * (i < 300 ? 4 : 0.5f) + bias[i % 300] + residual[i], result[i], 1e-5);
      }
    }
  }

  private static double mapped(int function, double x) {
    return switch (function) {
      case 0 -> x / (1 + Math.exp(-x));
      case 1 -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
      case 2 -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case 3 -> Math.max(x, 0);
      case 4 -> 1.5 * x;
      default -> 1.5 * Math.tanh(x / 1.5);
    };
  }

  private static double erf(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; n < 200; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  @Test
  void blocksAreCopiedAndMetadataFilled() {
    byte[] cache = new byte[4 * 4112];
    random.nextBytes(cache);
    try (KernelBench bench = new KernelBench()) {
      long memory = bench.bytes(cache);
      bench.launch("cache", "copy_blocks", Launch.of(2, 3, 256), memory, 4112L, bench.ints(0, 2, 3, 1));
      byte[] expected = cache.clone();
      System.arraycopy(cache, 0, expected, 2 * 4112, 4112);
      System.arraycopy(cache, 3 * 4112, expected, 4112, 4112);
      assertArrayEquals(expected, bench.readBytes(memory, cache.length));
      long ints = bench.empty(4 * 300);
      bench.launch("cache", "fill_ints", Launch.of(2, 1, 256), ints, -7, 300);
      int[] filled = bench.readInts(ints, 300);
      assertTrue(Arrays.stream(filled).allMatch(value -> value == -7));
    }
  }
}
