package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.BYTE;
import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.MEMORY;
import static dev.jebena.cpu.Lanes.SHORT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.program.KvGroup;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Reads one layer's cached keys and values into tiles of floats: keys as {@code [keyDim][64 tokens]}, values as
 * {@code [tokens][64 columns]}. Which elements lie where is {@link KvLayout}'s.
 *
 * <p>Addresses are read through one constant segment over all memory: with a segment for each read, the JIT loses its type once the
 * process has used segments of several kinds, and checks more than it loads.
 */
final class KvTiles {

  private static final ValueLayout.OfShort SHORT_LAYOUT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT_LAYOUT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  /** Sign, exponent and mantissa of a half that was sign-extended and shifted to a float's place. */
  private static final int HALF_BITS = 0x8FFFE000;
  /** A half's exponent is 112 less than a float's. */
  private static final float HALF_SCALE = 0x1p112f;

  private final KvType type;
  private final int blockTokens;
  private final int keyDim;
  private final int valueDim;
  private final int valueRuns;
  private final int elementBytes;
  private final long keyScales;
  private final long values;
  private final long valueScales;

  KvTiles(KvLayout layout, KvGroup.CacheLayer layer) {
    this.type = layout.type();
    this.blockTokens = layout.blockTokens();
    this.keyDim = layer.keyDim();
    this.valueDim = layer.valueDim();
    this.valueRuns = KvLayout.scales(valueDim);
    this.elementBytes = layout.elementBytes();
    this.keyScales = layout.scalesOffset(keyDim);
    this.values = layout.keyBytes(layer);
    this.valueScales = values + layout.scalesOffset(valueDim);
  }

  /**
   * Reads keys of neighbouring tokens of one block.
   *
   * @param head address of the KV head within the block
   * @param token the first token, within the block
   * @param tile {@code [keyDim][64]}; the tokens go to its columns from {@code at}
   */
  void readKeys(long head, int token, int tokens, float[] tile, int at) {
    int vectors = tokens / WIDTH;
    long from = head + (long) token * elementBytes;
    long stride = (long) blockTokens * elementBytes;
    for (int vector = 0; vector < vectors; vector++) {
      long in = from + (long) vector * WIDTH * elementBytes;
      int to = at + vector * WIDTH;
      switch (type) {
        case F32 -> floats(in, stride, keyDim, tile, to, GROUP_ROWS);
        case F16 -> halves(in, stride, keyDim, tile, to, GROUP_ROWS);
        case BF16 -> brainFloats(in, stride, keyDim, tile, to, GROUP_ROWS);
        case Q8_0 -> keyCodes(in, head + keyScales + 2L * (token + vector * WIDTH), tile, to);
        case FP8 -> throw KvLayout.noFp8();
      }
    }
    for (int i = vectors * WIDTH; i < tokens; i++) {
      for (int column = 0; column < keyDim; column++) {
        tile[column * GROUP_ROWS + at + i] = element(
            head + ((long) column * blockTokens + token + i) * elementBytes,
            head + keyScales + 2L * (column / KvLayout.SCALE_COLUMNS * blockTokens + token + i));
      }
    }
  }

  /**
   * Reads values of neighbouring tokens of one block.
   *
   * @param head address of the KV head within the block
   * @param token the first token, within the block
   * @param column a multiple of 64
   * @param tile receives {@code columns} columns of each token, from {@code at}, 64 floats apart
   */
  void readValues(long head, int token, int tokens, int column, int columns, float[] tile, int at) {
    int vectors = columns / WIDTH;
    long from = head + values + ((long) token * valueDim + column) * elementBytes;
    long stride = (long) valueDim * elementBytes;
    // neighbouring tokens of 64 columns are one stretch in the cache and in the tile
    boolean inOne = valueDim == GROUP_ROWS && type != KvType.Q8_0;
    int lines = inOne ? 1 : tokens;
    int count = inOne ? tokens * vectors : vectors;
    for (int line = 0; line < lines; line++) {
      long in = from + line * stride;
      int to = at + line * GROUP_ROWS;
      switch (type) {
        case F32 -> floats(in, 4L * WIDTH, count, tile, to, WIDTH);
        case F16 -> halves(in, 2L * WIDTH, count, tile, to, WIDTH);
        case BF16 -> brainFloats(in, 2L * WIDTH, count, tile, to, WIDTH);
        case Q8_0 ->
            valueCodes(in, head + valueScales + 2L * ((token + line) * valueRuns + column / KvLayout.SCALE_COLUMNS), count, tile, to);
        case FP8 -> throw KvLayout.noFp8();
      }
    }
    for (int i = vectors * WIDTH; i < columns; i++) {
      for (int row = 0; row < tokens; row++) {
        tile[at + row * GROUP_ROWS + i] = element(
            from + row * stride + (long) i * elementBytes,
            head + valueScales + 2L * ((token + row) * valueRuns + (column + i) / KvLayout.SCALE_COLUMNS));
      }
    }
  }

  /** Whether {@link #scores} and {@link #addValues} can be used, rather than tiles. */
  boolean suitHeads() {
    return blockTokens % WIDTH == 0 && valueDim % (2 * WIDTH) == 0;
  }

  /**
   * Writes the scores of four query heads with two vectors of tokens, which may lie in two blocks.
   *
   * @param aHead address of the KV head within the block of the first vector
   * @param aToken its first token within that block, a multiple of the vector's width
   * @param bHead the same of the second vector; all of the first if there is none
   * @param q {@code [4][keyDim]} from {@code qAt}
   * @param scores {@code [4][64]}; the vectors go to {@code at} and {@code bAt}
   */
  void scores(long aHead, int aToken, long bHead, int bToken, float[] q, int qAt, float[] scores, int at, int bAt) {
    long step = (long) blockTokens * elementBytes;
    long a = aHead + (long) aToken * elementBytes;
    long b = bHead + (long) bToken * elementBytes;
    switch (type) {
      case F32 -> HeadKernels.scoresFloats(a, b, step, keyDim, q, qAt, scores, at, bAt);
      case F16 -> HeadKernels.scoresHalves(a, b, step, keyDim, q, qAt, scores, at, bAt);
      case BF16 -> HeadKernels.scoresBrainFloats(a, b, step, keyDim, q, qAt, scores, at, bAt);
      case Q8_0 -> HeadKernels.scoresCodes(
          a, b, step, aHead + keyScales + 2L * aToken, bHead + keyScales + 2L * bToken, keyDim, q, qAt, scores, at, bAt);
      case FP8 -> throw KvLayout.noFp8();
    }
  }

  /**
   * Adds the weighted values of neighbouring tokens of one block to the sums of four query heads.
   *
   * @param weights {@code [4][64]}; the first token's from {@code at}
   * @param sums {@code [4][64]} of the columns from {@code column}, which is a multiple of 64; from {@code to}
   */
  void addValues(long head, int token, int tokens, int column, float[] weights, int at, float[] sums, int to) {
    long step = (long) valueDim * elementBytes;
    int columns = Math.min(GROUP_ROWS, valueDim - column);
    for (int i = 0; i < columns; i += 2 * WIDTH) {
      long from = head + values + token * step + (long) (column + i) * elementBytes;
      switch (type) {
        case F32 -> HeadKernels.valuesFloats(from, step, tokens, weights, at, sums, to + i);
        case F16 -> HeadKernels.valuesHalves(from, step, tokens, weights, at, sums, to + i);
        case BF16 -> HeadKernels.valuesBrainFloats(from, step, tokens, weights, at, sums, to + i);
        case Q8_0 -> {
          long scales = head + valueScales + 2L * (token * valueRuns + (column + i) / KvLayout.SCALE_COLUMNS);
          HeadKernels.valuesCodes(from, step, scales, 2L * valueRuns, tokens, weights, at, sums, to + i);
        }
        case FP8 -> throw KvLayout.noFp8();
      }
    }
  }

  private static void floats(long from, long step, int count, float[] tile, int at, int tileStep) {
    long in = from;
    int to = at;
    for (int i = 0; i < count; i++) {
      FloatVector.fromMemorySegment(FLOAT, MEMORY, in, LITTLE).intoArray(tile, to);
      in += step;
      to += tileStep;
    }
  }

  private static void halves(long from, long step, int count, float[] tile, int at, int tileStep) {
    long in = from;
    int to = at;
    for (int i = 0; i < count; i++) {
      halves(in).intoArray(tile, to);
      in += step;
      to += tileStep;
    }
  }

  /** {@link Lanes#WIDTH} halves as floats. */
  static FloatVector halves(long from) {
    IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, MEMORY, from, LITTLE).convertShape(VectorOperators.S2I, INT, 0);
    return bits.lanewise(VectorOperators.LSHL, 13).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE);
  }

  private static void brainFloats(long from, long step, int count, float[] tile, int at, int tileStep) {
    long in = from;
    int to = at;
    for (int i = 0; i < count; i++) {
      brainFloats(in).intoArray(tile, to);
      in += step;
      to += tileStep;
    }
  }

  /** {@link Lanes#WIDTH} bfloat16s as floats. */
  static FloatVector brainFloats(long from) {
    IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, MEMORY, from, LITTLE).convertShape(VectorOperators.S2I, INT, 0);
    return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /** A half in every lane. */
  static FloatVector half(long from) {
    return FloatVector.broadcast(FLOAT, Float.float16ToFloat(MEMORY.get(SHORT_LAYOUT, from)));
  }

  /** Codes of {@link Lanes#WIDTH} neighbours as floats. */
  static FloatVector codes(long from) {
    return (FloatVector) ByteVector.fromMemorySegment(BYTE, MEMORY, from, LITTLE).convertShape(VectorOperators.B2F, FLOAT, 0);
  }

  /** A vector holds one column of neighbouring tokens, each token with its own scale for 32 columns. */
  private void keyCodes(long from, long scales, float[] tile, int at) {
    long in = from;
    int to = at;
    long scaleAt = scales;
    for (int first = 0; first < keyDim; first += KvLayout.SCALE_COLUMNS) {
      int columns = Math.min(KvLayout.SCALE_COLUMNS, keyDim - first);
      FloatVector scale = halves(scaleAt);
      for (int column = 0; column < columns; column++) {
        codes(in).mul(scale).intoArray(tile, to);
        in += blockTokens;
        to += GROUP_ROWS;
      }
      scaleAt += 2L * blockTokens;
    }
  }

  /** A vector holds neighbouring columns of one token, which share a scale with the rest of their 32. */
  private static void valueCodes(long from, long scales, int count, float[] tile, int at) {
    long in = from;
    int to = at;
    long scaleAt = scales;
    for (int first = 0; first < count; first += KvLayout.SCALE_COLUMNS / WIDTH) {
      int end = Math.min(first + KvLayout.SCALE_COLUMNS / WIDTH, count);
      FloatVector scale = half(scaleAt);
      for (int i = first; i < end; i++) {
        codes(in).mul(scale).intoArray(tile, to);
        in += WIDTH;
        to += WIDTH;
      }
      scaleAt += 2;
    }
  }

  private float element(long address, long scale) {
    return switch (type) {
      case F32 -> MEMORY.get(FLOAT_LAYOUT, address);
      case F16 -> Float.float16ToFloat(MEMORY.get(SHORT_LAYOUT, address));
      case BF16 -> Float.intBitsToFloat(MEMORY.get(SHORT_LAYOUT, address) << 16);
      case Q8_0 -> MEMORY.get(ValueLayout.JAVA_BYTE, address) * Float.float16ToFloat(MEMORY.get(SHORT_LAYOUT, scale));
      case FP8 -> throw KvLayout.noFp8();
    };
  }
}
