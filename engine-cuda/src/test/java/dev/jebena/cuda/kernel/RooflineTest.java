package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.ptx.Check;
import dev.jebena.cuda.emulator.ptx.LaunchCounts;
import dev.jebena.cuda.kernel.KernelBench.Launch;
import dev.jebena.cuda.kernel.LinearBench.Extras;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.weight.BlockType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Counts what kernels move and compute at the sizes of Llama 3 8B, on a part of each launch, and holds the table of docs/cuda-kernels.md to it. Holds the kernels that
 * read weights and caches to reading them once.
 */
class RooflineTest {

  private static final EnumSet<Check> NONE = EnumSet.noneOf(Check.class);
  private static final int HIDDEN = 4096;
  private static final List<Roofline> LINES = new ArrayList<>();

  private final Random random = new Random(1);

  private static LaunchCounts counts(KernelBench bench) {
    return bench.log().counts().getLast();
  }

  private static Roofline add(Roofline line) {
    LINES.add(line);
    return line;
  }

  @AfterAll
  static void print() {
    System.out.println(Roofline.HEADER);
    LINES.forEach(line -> System.out.println(line.line()));
    RooflineTable.requireListed(LINES);
  }

  @ParameterizedTest
  @CsvSource({"Q4_0, 1", "Q4_K, 1", "Q6_K, 1", "Q8_0, 1", "BF16, 1", "Q4_0, 8", "BF16, 8"})
  void fewRowsReadTheWeightOnce(BlockType type, int rows) {
    int columns = 6144;
    RandomWeight weight = RandomWeight.of(type, 32, HIDDEN, random);
    try (KernelBench bench = new KernelBench()) {
      LinearBench linear = new LinearBench(bench, rows, Extras.NONE, random, weight);
      long parts = linear.parts(16);
      bench.launch(NONE, "matvec", "matvec_" + weight.kernelName() + "_r" + rows, linear.launch(rows, 512), parts, 1,
          bench.floats(Floats.random(random, rows * HIDDEN)), HIDDEN, HIDDEN, rows, bench.floats(Floats.random(random, HIDDEN)), 1e-5f, 0f, 1);
      double least = (double) columns * type.bytesOf(HIDDEN) + 4.0 * rows * (HIDDEN + columns);
      Roofline line = add(Roofline.of(counts(bench), rows + " x 4096, 6144 columns", least, columns / 32.0));
      // for each 16 rows of the weight the rows of the input and the norm's weight come from the caches, each of their sectors by four loads; of the weight a
      // sector is asked for up to four times, where loads take parts of it
      double again = columns / 16.0 * 4 * HIDDEN * 4 * 2 * rows;
      assertTrue(line.bytes() < 4 * least + again, () -> line.line());
    }
  }

  @ParameterizedTest
  @CsvSource({"Q4_0, false", "Q4_0, true"})
  void bothHalvesOfAGatedNetworkAndIntegerProducts(BlockType type, boolean integers) {
    int columns = 14336;
    try (KernelBench bench = new KernelBench()) {
      LinearBench linear = new LinearBench(bench, 1, Extras.NONE, random, RandomWeight.of(type, 16, HIDDEN, random),
          RandomWeight.of(type, 16, HIDDEN, random));
      double least = 2.0 * columns * type.bytesOf(HIDDEN);
      if (integers) {
        long parts = linear.parts(16);
        bench.launch(NONE, "matvec_int8", "matvec_int8_q4_0_r1", linear.launch(1, 512), parts, 2, bench.floats(Floats.random(random, HIDDEN)), HIDDEN,
            HIDDEN, 1, 0L, 0f, 0f, 0);
      } else {
        long parts = linear.parts(8);
        bench.launch(NONE, "matvec_gate", "matvec_gate_q4_0_r1", Launch.of(2, 1, 512), parts, 0, bench.floats(Floats.random(random, HIDDEN)), HIDDEN,
            HIDDEN, 1, 0L, 0f, 0f, 0);
      }
      add(Roofline.of(counts(bench), "1 x 4096, 2 x 14336 columns", least, columns / 16.0));
    }
  }

  @ParameterizedTest
  @CsvSource({"Q4_0, x3", "Q4_0, x1", "BF16, x3", "BF16, x1"})
  void manyRowsOnTensorCores(BlockType type, String pieces) {
    RandomWeight weight = RandomWeight.of(type, 64, HIDDEN, random);
    try (KernelBench bench = new KernelBench()) {
      LinearBench linear = new LinearBench(bench, 64, Extras.NONE, random, weight);
      long parts = linear.parts(64);
      bench.launch(NONE, "gemm", "gemm_" + weight.kernelName() + "_" + pieces, linear.launch(64, 128).withShared(pieces.equals("x3") ? 49152 : 32768),
          parts, 1, bench.floats(Floats.random(random, 64 * HIDDEN)), HIDDEN, HIDDEN, 64);
      double least = (double) HIDDEN * type.bytesOf(HIDDEN) + 2 * 4.0 * 512 * HIDDEN;
      add(Roofline.of(counts(bench), "512 x 4096, 4096 columns", least, 8 * 64));
    }
  }

  /** Two of eight experts of a row, as in Mixtral 8x7B. */
  @ParameterizedTest
  @CsvSource({"1, 1", "8, 8"})
  void expertsReadTheirWeightsOnceForTheirPairs(int rows, int tileRows) {
    int wide = 14336;
    RandomWeight gate = RandomWeight.of(BlockType.Q4_0, 8, HIDDEN, random);
    try (KernelBench bench = new KernelBench()) {
      long body = bench.bytes(gate.body());
      long head = bench.bytes(gate.head());
      int[] order = new int[rows];
      for (int i = 0; i < rows; i++) {
        order[i] = i * 2;
      }
      bench.launch(NONE, "moe_matvec", "moe_gate_q4_0_r" + tileRows, Launch.of(1, 1, 512), bench.empty(4L * 2 * rows * 8), body, head, body, head, 0,
          bench.floats(Floats.random(random, rows * HIDDEN)), HIDDEN, HIDDEN, 2, 8, bench.ints(order), bench.ints(0, 0, rows, 0));
      double least = 2.0 * wide * BlockType.Q4_0.bytesOf(HIDDEN) * 2 + 4.0 * rows * HIDDEN + 4.0 * 2 * rows * wide;
      add(Roofline.of(counts(bench), rows + " x 4096, 2 experts of 2 x 14336 columns", least, wide / 8.0 * 2));
    }
  }

  @ParameterizedTest
  @CsvSource({"F16", "FP8"})
  void decodingReadsTheCacheOnceForAGroupOfHeads(KvType type) {
    int context = 512;
    AttentionCase attention = new AttentionCase(random, type, 4, 1, 128, 128, 1, context, 0, 0);
    try (KernelBench bench = new KernelBench()) {
      long out = bench.empty(4 * 512);
      bench.launch(NONE, "attention_decode", "attention_decode_" + attention.cache.kernelName() + "_h4", new Launch(1, 1, 1, 128, 4 * (4 * 128 + 64 * 132)),
          attention.arguments(bench, out, 512, bench.floats(Floats.random(random, 512)), 512, bench.ints(0), bench.ints(context - 1), context, 0L, 0L));
      double least = (type == KvType.FP8 ? 1.0 : 2.0) * 2 * 8 * 128 * 4096 + 2 * 4.0 * 4096;
      Roofline line = add(Roofline.of(counts(bench), "32 heads, 8 of keys, 4096 positions", least, 8 * 8));
      assertTrue(line.bytes() < 1.5 * least, () -> line.line());
    }
  }

  @ParameterizedTest
  @CsvSource({"x3", "x1"})
  void prefillOnTensorCores(String pieces) {
    int context = 512;
    AttentionCase attention = new AttentionCase(random, KvType.F16, 1, 1, 128, 128, 1, context, 0, 0);
    try (KernelBench bench = new KernelBench()) {
      long out = bench.empty(4 * 64 * 128);
      bench.launch(NONE, "attention_prefill", "attention_prefill_f16_d128_" + pieces,
          Launch.of(1, 1, 128).withShared((pieces.equals("x3") ? 2 : 1) * 2 * 128 * 128),
          attention.arguments(bench, out, 128, bench.floats(Floats.random(random, 64 * 128)), 128, bench.ints(0, 64, 0, context - 64)));
      double least = 2.0 * 2 * 8 * 128 * 512 + 2 * 4.0 * 512 * 4096;
      // the eight tiles of the chunk see 1/8 to 8/8 of the positions
      add(Roofline.of(counts(bench), "512 positions, 32 heads", least, 32 * 4.5));
    }
  }

  @Test
  void whatIsBetweenTheProducts() {
    try (KernelBench bench = new KernelBench()) {
      long x = bench.floats(Floats.random(random, HIDDEN));
      bench.launch(NONE, "norm", "norm_rows", Launch.of(1, 1, 512), x, HIDDEN, x, HIDDEN, x, HIDDEN, x, HIDDEN, x, HIDDEN, 0L, 0, HIDDEN, HIDDEN, 1e-5f,
          0f, 0);
      add(Roofline.of(counts(bench), "1 x 4096 with residual", 5.0 * 4 * HIDDEN, 1));
      CacheImage cache = new CacheImage(KvType.F16, 8, 128, 128, 16, 2);
      long q = bench.floats(Floats.random(random, 6144));
      bench.launch(NONE, "rope", "rope_kv_f16", Launch.of(12, 1, 128), q, 6144, q, 6144, 32, q + 4L * 4096, 6144, q + 4L * 5120, 6144, 8, 128, 128, 64, 0,
          bench.floats(Floats.random(random, 64)), 1f, 0L, 0L, 0f, 0f, bench.empty(cache.bytes.capacity()), cache.blockBytes(), cache.layerOffset(), 16,
          bench.ints(1), 1, bench.ints(0), bench.ints(7), 1);
      add(Roofline.of(counts(bench), "1 row, 32 and 8 heads", 2 * 4.0 * 4096 + 6.0 * 2048, 1));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "1, 0.9"})
  void samplingARowOfTheVocabulary(float temperature, float topP) {
    int vocabulary = 16032;
    try (KernelBench bench = new KernelBench()) {
      java.nio.ByteBuffer slot = java.nio.ByteBuffer.allocate(96).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      slot.putFloat(temperature).putInt(0).putFloat(topP).putFloat(0).putFloat(1).putFloat(0).putFloat(0).putInt(0);
      slot.putLong(7).putInt(1).putInt(-1).putInt(-1);
      bench.launch(NONE, "sample", "sample", Launch.of(1, 1, 1024), bench.floats(Floats.random(random, vocabulary)), vocabulary, 0L, vocabulary, 0,
          bench.bytes(slot.array()), bench.ints(0), bench.ints(5), bench.ints(-1), 0L, 0L, 0, bench.empty(4), bench.empty(24), 0L, 0L, 0);
      add(Roofline.of(counts(bench), "1 x 128256, temperature " + temperature + ", top-p " + topP, 4.0 * 128256, 8));
    }
  }
}
