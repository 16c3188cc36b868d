package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.kernel.KernelBench.Launch;
import dev.jebena.engine.backend.KvType;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** attention_decode.cu and attention_prefill.cu against attention in double. */
class AttentionKernelTest {

  private static final double EXACT = 3e-6;
  /** Factors of 16 bits in scores and in the sum of values. */
  private static final double SPLIT = 6e-5;
  private static final double BF16 = 0.03;

  private final Random random = Floats.seeded("AttentionKernelTest");

  @ParameterizedTest
  @EnumSource
  void decodingReadsEveryTypeOfCache(KvType type) {
    for (int atOnce : new int[] {1, 4, 8}) {
      decode(new AttentionCase(random, type, 6, 2, 24 + random.nextInt(20), 8 + random.nextInt(30), 3, 90, 0, 0), atOnce, 1);
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 8, 0, 0", "8, 1, 0, 0", "9, 1, 0, 0", "4, 2, 7, 0", "4, 2, 40, 0", "2, 2, 0, 1.5"})
  void decodingKnowsGroupsWindowsAndSoftCaps(int heads, int kvHeads, int window, float softCap) {
    int atOnce = heads == kvHeads ? 1 : heads / kvHeads <= 4 ? 4 : 8;
    decode(new AttentionCase(random, KvType.F16, heads, kvHeads, 32, 32, 3, 100, window, softCap), atOnce, 1);
    decode(new AttentionCase(random, KvType.F16, heads, kvHeads, 32, 32, 3, 100, window, softCap), atOnce, 4);
  }

  @Test
  void headsMayLookAtNothingThroughSinks() {
    for (int splits : new int[] {1, 4}) {
      decode(new AttentionCase(random, KvType.F16, 6, 2, 32, 24, 3, 100, 0, 0).withSinks(random), 4, splits);
    }
    prefill(new AttentionCase(random, KvType.F16, 4, 2, 64, 64, 2, 120, 9, 0).withSinks(random), 64, Pieces.SPLIT);
  }

  @Test
  void decodingTakesHeadsOfUpTo256Columns() {
    decode(new AttentionCase(random, KvType.F32, 2, 1, 256, 129, 3, 40, 0, 0), 4, 1);
  }

  private void decode(AttentionCase attention, int atOnce, int splits) {
    CacheImage cache = attention.cache;
    int rows = 4;
    int[] sequence = {0, 2, 1, 0};
    int[] position = {random.nextInt(90), 0, 32, 89};
    int qStride = attention.heads * cache.keyDim + 1;
    int outStride = attention.heads * cache.valueDim + 2;
    float[] q = Floats.random(random, rows * qStride);
    try (KernelBench bench = new KernelBench()) {
      for (int[] bad : new int[][] {position}) {
        for (int i = 0; i < rows; i++) {
          bad[i] = Math.min(bad[i], attention.tableStride * cache.blockTokens - cache.blockTokens - 1);
        }
      }
      long out = bench.empty(4L * ((rows - 1) * outStride + attention.heads * cache.valueDim));
      long partial = splits == 1 ? 0L : bench.empty(4L * rows * attention.heads * splits * cache.valueDim);
      long state = splits == 1 ? 0L : bench.empty(8L * rows * attention.heads * splits);
      int group = attention.heads / cache.kvHeads;
      int columns = Math.ceilDiv(Math.max(cache.keyDim, cache.valueDim), 32) * 32;
      int shared = 4 * (atOnce * columns + 64 * (columns + 4));
      bench.launch("attention_decode", "attention_decode_" + cache.kernelName() + "_h" + atOnce,
          new Launch(cache.kvHeads * Math.ceilDiv(group, atOnce), rows, splits, 128, shared),
          attention.arguments(bench, out, outStride, bench.floats(q), qStride, bench.ints(sequence), bench.ints(position), 32, partial, state));
      if (splits > 1) {
        bench.launch("attention_decode", "attention_combine", Launch.of(attention.heads, rows, 128), out, outStride, attention.heads, cache.valueDim,
            attention.sinks(bench), partial, state, splits, rows);
      }
      for (int row = 0; row < rows; row++) {
        check(attention, bench, out + 4L * row * outStride, q, row * qStride, sequence[row], position[row], EXACT);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void prefillReadsEveryTypeOfCache(KvType type) {
    prefill(new AttentionCase(random, type, 4, 2, 40, 33, 2, 120, 0, 0), 64, Pieces.SPLIT);
    prefill(new AttentionCase(random, type, 2, 1, 100, 128, 2, 120, 0, 0), 128, Pieces.SPLIT);
    prefill(new AttentionCase(random, type, 1, 1, 200, 256, 2, 120, 0, 0), 256, Pieces.SPLIT);
  }

  @ParameterizedTest
  @EnumSource
  void prefillInBf16IsAsExactAsThatIs(KvType type) {
    prefill(new AttentionCase(random, type, 2, 1, 64, 64, 2, 120, 0, 0), 64, Pieces.BF16);
    prefill(new AttentionCase(random, type, 2, 1, 128, 64, 2, 120, 0, 0), 128, Pieces.BF16);
    prefill(new AttentionCase(random, type, 1, 1, 200, 256, 2, 120, 0, 0), 256, Pieces.BF16);
  }

  @ParameterizedTest
  @CsvSource({"5, 0", "50, 0", "0, 2.5"})
  void prefillKnowsWindowsAndSoftCaps(int window, float softCap) {
    prefill(new AttentionCase(random, KvType.F16, 4, 4, 64, 64, 2, 120, window, softCap), 64, Pieces.SPLIT);
  }

  private enum Pieces {
    SPLIT,
    BF16
  }

  private void prefill(AttentionCase attention, int dim, Pieces pieces) {
    CacheImage cache = attention.cache;
    // a chunk in the middle of a sequence, of more than one tile, a padded tile, and a short run
    int[][] tiles = {{0, 64, 1, 17}, {64, 5, 1, 81}, {0, 0, 0, 0}, {69, 3, 0, 0}};
    int rows = 72;
    int qStride = attention.heads * cache.keyDim + 1;
    int outStride = attention.heads * cache.valueDim + 2;
    float[] q = Floats.random(random, rows * qStride);
    int[] flat = new int[16];
    for (int i = 0; i < 16; i++) {
      flat[i] = tiles[i / 4][i % 4];
    }
    int shared = (pieces == Pieces.SPLIT ? 2 : 1) * 2 * dim * (64 + 2 * (dim == 256 ? 16 : 32));
    try (KernelBench bench = new KernelBench()) {
      long out = bench.empty(4L * ((rows - 1) * outStride + attention.heads * cache.valueDim));
      bench.launch("attention_prefill",
          "attention_prefill_" + cache.kernelName() + "_d" + dim + (pieces == Pieces.SPLIT ? "_x3" : "_x1"),
          Launch.of(4, attention.heads, 128).withShared(shared),
          attention.arguments(bench, out, outStride, bench.floats(q), qStride, bench.ints(flat)));
      for (int[] tile : tiles) {
        for (int i = 0; i < tile[1]; i++) {
          int row = tile[0] + i;
          check(attention, bench, out + 4L * row * outStride, q, row * qStride, tile[2], tile[3] + i, pieces == Pieces.SPLIT ? SPLIT : BF16);
        }
      }
    }
  }

  private static void check(
      AttentionCase attention, KernelBench bench, long out, float[] q, int queryAt, int sequence, int position, double bound) {
    CacheImage cache = attention.cache;
    float[] result = bench.readFloats(out, attention.heads * cache.valueDim);
    for (int head = 0; head < attention.heads; head++) {
      double[] expected = attention.attend(q, queryAt + head * cache.keyDim, head, sequence, position);
      for (int i = 0; i < cache.valueDim; i++) {
        double error = Math.abs(result[head * cache.valueDim + i] - expected[i]);
        assertTrue(error < bound * (1 + Math.abs(expected[i])), cache.type + " position " + position + " head " + head + " column " + i + ": " + error);
      }
    }
  }

  @Test
  void aRowHasTheSameBitsWhereverItsBlocksLieAndWhoeverComesWithIt() {
    AttentionCase attention = new AttentionCase(random, KvType.BF16, 4, 2, 32, 32, 3, 100, 0, 0);
    float[] q = Floats.random(random, 4 * 32);
    float[] first = decodeOne(attention, q, 4, 2);
    assertArrayEquals(first, decodeOne(attention, q, 4, 3));
    assertArrayEquals(first, decodeOne(attention, q, 8, 2));
  }

  private float[] decodeOne(AttentionCase attention, float[] q, int atOnce, int splits) {
    try (KernelBench bench = new KernelBench()) {
      long out = bench.empty(4 * 128);
      long partial = bench.empty(4L * 4 * splits * 32);
      long state = bench.empty(8L * 4 * splits);
      bench.launch("attention_decode", "attention_decode_bf16_h" + atOnce, new Launch(2, 1, splits, 128, 4 * (atOnce * 32 + 64 * 36)),
          attention.arguments(bench, out, 128, bench.floats(q), 128, bench.ints(1), bench.ints(60), 32, partial, state));
      bench.launch("attention_decode", "attention_combine", Launch.of(4, 1, 128), out, 128, 4, 32, 0L, partial, state, splits, 1);
      return bench.readFloats(out, 128);
    }
  }
}
