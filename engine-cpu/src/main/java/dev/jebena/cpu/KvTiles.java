package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.BYTE;
import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.SHORT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.program.KvGroup;
import java.lang.foreign.MemorySegment;
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

  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
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
    switch (type) {
      case F32 -> floats(from, stride, keyDim, vectors, tile, at);
      case F16 -> halves(from, stride, keyDim, vectors, tile, at);
      case BF16 -> brainFloats(from, stride, keyDim, vectors, tile, at);
      case Q8_0 -> keyCodes(from, head + keyScales + 2L * token, vectors, tile, at);
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
    switch (type) {
      case F32 -> floats(from, stride, tokens, vectors, tile, at);
      case F16 -> halves(from, stride, tokens, vectors, tile, at);
      case BF16 -> brainFloats(from, stride, tokens, vectors, tile, at);
      case Q8_0 -> {
        long scales = head + valueScales + 2L * (token * valueRuns + column / KvLayout.SCALE_COLUMNS);
        valueCodes(from, scales, tokens, vectors, tile, at);
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

  private static void floats(long from, long stride, int rows, int vectors, float[] tile, int at) {
    for (int vector = 0; vector < vectors; vector++) {
      long in = from + 4L * WIDTH * vector;
      int to = at + WIDTH * vector;
      for (int row = 0; row < rows; row++) {
        FloatVector.fromMemorySegment(FLOAT, MEMORY, in, LITTLE).intoArray(tile, to);
        in += stride;
        to += GROUP_ROWS;
      }
    }
  }

  private static void halves(long from, long stride, int rows, int vectors, float[] tile, int at) {
    for (int vector = 0; vector < vectors; vector++) {
      long in = from + 2L * WIDTH * vector;
      int to = at + WIDTH * vector;
      for (int row = 0; row < rows; row++) {
        halves(in).intoArray(tile, to);
        in += stride;
        to += GROUP_ROWS;
      }
    }
  }

  private static FloatVector halves(long from) {
    IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, MEMORY, from, LITTLE).convertShape(VectorOperators.S2I, INT, 0);
    return bits.lanewise(VectorOperators.LSHL, 13).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE);
  }

  private static void brainFloats(long from, long stride, int rows, int vectors, float[] tile, int at) {
    for (int vector = 0; vector < vectors; vector++) {
      long in = from + 2L * WIDTH * vector;
      int to = at + WIDTH * vector;
      for (int row = 0; row < rows; row++) {
        IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, MEMORY, in, LITTLE).convertShape(VectorOperators.S2I, INT, 0);
        bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(tile, to);
        in += stride;
        to += GROUP_ROWS;
      }
    }
  }

  /** Codes of {@link Lanes#WIDTH} neighbours as floats. */
  private static FloatVector codes(long from) {
    return (FloatVector) ByteVector.fromMemorySegment(BYTE, MEMORY, from, LITTLE).convertShape(VectorOperators.B2F, FLOAT, 0);
  }

  /** A vector holds one column of neighbouring tokens, each token with its own scale for 32 columns. */
  private void keyCodes(long from, long scales, int vectors, float[] tile, int at) {
    for (int vector = 0; vector < vectors; vector++) {
      long in = from + (long) WIDTH * vector;
      int to = at + WIDTH * vector;
      long scaleAt = scales + 2L * WIDTH * vector;
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
  }

  /** A vector holds neighbouring columns of one token, which share a scale. */
  private void valueCodes(long from, long scales, int tokens, int vectors, float[] tile, int at) {
    for (int vector = 0; vector < vectors; vector++) {
      long in = from + (long) WIDTH * vector;
      int to = at + WIDTH * vector;
      long scaleAt = scales + 2L * (WIDTH * vector / KvLayout.SCALE_COLUMNS);
      for (int token = 0; token < tokens; token++) {
        codes(in).mul(Float.float16ToFloat(MEMORY.get(SHORT_LAYOUT, scaleAt))).intoArray(tile, to);
        in += valueDim;
        to += GROUP_ROWS;
        scaleAt += 2L * valueRuns;
      }
    }
  }

  private float element(long address, long scale) {
    return switch (type) {
      case F32 -> MEMORY.get(FLOAT_LAYOUT, address);
      case F16 -> Float.float16ToFloat(MEMORY.get(SHORT_LAYOUT, address));
      case BF16 -> Float.intBitsToFloat(MEMORY.get(SHORT_LAYOUT, address) << 16);
      case Q8_0 -> MEMORY.get(ValueLayout.JAVA_BYTE, address) * Float.float16ToFloat(MEMORY.get(SHORT_LAYOUT, scale));
    };
  }
}
