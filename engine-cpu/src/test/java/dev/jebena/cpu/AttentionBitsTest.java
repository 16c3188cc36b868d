package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.StepDriver;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A decoding row over a long context has the same bits whether it is computed among others of a prompt, alone by one thread, or in parts by
 * several: with the kernels that read the cache straight and with tiles.
 */
final class AttentionBitsTest {

  private static final int VOCABULARY = 32;
  private static final int LENGTH = 2 * AttentionUnits.PART_TOKENS + 150;
  private static final int COMPARED = 40;
  private static final int CHUNK = 512;

  /** What is attended with. */
  private record Shape(int heads, int kvHeads, int headDim, int blockTokens, AttentionMask mask) {

    Program program() {
      ProgramBuilder builder = new ProgramBuilder("attention");
      int group = builder.kvGroup(List.of(new KvGroup.CacheLayer(kvHeads, headDim, headDim)));
      Value query = embedded(builder, "query", heads * headDim);
      Value key = embedded(builder, "key", kvHeads * headDim);
      Value value = embedded(builder, "value", kvHeads * headDim);
      builder.append(new Op.KvWrite(Site.of("kv"), group, 0, key, value));
      Value out = builder.value("out", RowDomain.TOKENS, heads * headDim);
      builder.append(new Op.Attention(
          Site.of("attention"), query, out, group, 0, heads, kvHeads, headDim, headDim, (float) (1 / Math.sqrt(headDim)), mask, 0));
      Value selected = builder.selectOutputs(Site.of("outputs"), "selected", out);
      WeightSpec head = new WeightSpec("head", VOCABULARY, heads * headDim, WeightFormat.of(BlockType.F32));
      return builder.build(builder.linear(Site.of("head"), "logits", selected, head, Optional.empty()), VOCABULARY);
    }

    private static Value embedded(ProgramBuilder builder, String name, int columns) {
      return builder.embedTokens(
          Site.of(name), name, new WeightSpec(name, VOCABULARY, columns, WeightFormat.of(BlockType.F32)));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FP8") // which this backend refuses
  void aRowHasTheSameBitsAmongOthersAloneAndInParts(KvType type) {
    long seed = System.nanoTime();
    System.out.println("attention bits " + type + ": seed " + seed);
    int[] tokens = new Random(seed).ints(LENGTH, 0, VOCABULARY).toArray();
    for (Shape shape : List.of(
        new Shape(6, 2, 64, 16, new AttentionMask.Causal()),
        new Shape(5, 1, 32, 32, new AttentionMask.SlidingWindow(700)),
        new Shape(2, 2, 40, 12, new AttentionMask.Causal()))) {
      float[][] among = rows(shape, type, 1, tokens, seed, COMPARED);
      for (int threads : new int[] {1, 3}) {
        float[][] alone = rows(shape, type, threads, tokens, seed, 1);
        for (int i = 0; i < COMPARED; i++) {
          assertArrayEquals(among[i], alone[i], shape + ", " + threads + " threads, row " + i);
        }
      }
    }
  }

  /** The log-probabilities of the last rows, which are run {@code together} at a time. */
  private static float[][] rows(Shape shape, KvType type, int threads, int[] tokens, long seed, int together) {
    KvFormat format = new KvFormat(type, shape.blockTokens());
    int blocks = LENGTH / shape.blockTokens() + 3;
    SlotSettings settings = new SlotSettings(LENGTH, SamplingParameters.GREEDY, 0, new int[0], VOCABULARY, VOCABULARY);
    float[][] rows = new float[COMPARED][];
    try (StepDriver driver = new StepDriver(
        new CpuBackendProvider(), new BackendSettings(OptionalInt.of(threads), ComputeType.AUTO), shape.program(), new RandomWeights(seed),
        new Limits(CHUNK, 1, CHUNK, LENGTH + 1), format, blocks, seed)) {
      driver.open(0, tokens, settings);
      int first = LENGTH - COMPARED;
      for (int start = 0; start < first; start += CHUNK) {
        driver.run(0, start, Math.min(CHUNK, first - start), 0);
        driver.step();
      }
      for (int start = first; start < LENGTH; start += together) {
        driver.run(0, start, together, together);
        StepResult result = driver.step();
        for (int row = 0; row < together; row++) {
          float[] logprobs = new float[VOCABULARY];
          for (int i = 0; i < VOCABULARY; i++) {
            logprobs[result.topToken(row, i)] = result.topLogprob(row, i);
          }
          rows[start - first + row] = logprobs;
        }
      }
    }
    return rows;
  }
}
