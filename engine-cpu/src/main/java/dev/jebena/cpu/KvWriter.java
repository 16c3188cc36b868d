package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.MEMORY;

import dev.jebena.engine.program.KvGroup;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Writes a token's keys and values of one layer into a block. */
final class KvWriter {

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final KvLayout layout;
  private final KvGroup.CacheLayer layer;
  private final long layerOffset;
  private final Part keyPart;
  private final Part valuePart;

  KvWriter(KvLayout layout, int group, int cacheLayer) {
    this.layout = layout;
    this.layer = layout.layer(group, cacheLayer);
    this.layerOffset = layout.layerOffset(group, cacheLayer);
    int tokens = layout.blockTokens();
    this.keyPart = new Part(layer.keyDim(), tokens, 1, 1);
    this.valuePart = new Part(layer.valueDim(), 1, layer.valueDim(), KvLayout.scales(layer.valueDim()));
  }

  /** Writes the token at {@code token} of the block at {@code blockAddress}. */
  void write(long blockAddress, int token, float[] keys, int keyAt, float[] values, int valueAt) {
    for (int head = 0; head < layer.kvHeads(); head++) {
      long at = blockAddress + layerOffset + head * layout.headBytes(layer);
      writePart(at, keys, keyAt + head * layer.keyDim(), keyPart, token);
      writePart(at + layout.keyBytes(layer), values, valueAt + head * layer.valueDim(), valuePart, token);
    }
  }

  /**
   * How keys or values lie within a head's.
   *
   * @param stride elements, and scales, from a column to the next
   * @param tokenStride elements from a token to the next
   * @param tokenScales scales from a token to the next
   */
  private record Part(int columns, int stride, int tokenStride, int tokenScales) {
    long element(int token, int column) {
      return (long) token * tokenStride + (long) column * stride;
    }

    long scale(int token, int run) {
      return (long) token * tokenScales + (long) run * stride;
    }
  }

  private void writePart(long at, float[] source, int from, Part part, int token) {
    int columns = part.columns;
    switch (layout.type()) {
      case F32 -> {
        for (int i = 0; i < columns; i++) {
          MEMORY.set(FLOAT, at + 4L * part.element(token, i), source[from + i]);
        }
      }
      case F16 -> {
        for (int i = 0; i < columns; i++) {
          MEMORY.set(SHORT, at + 2L * part.element(token, i), Float.floatToFloat16(source[from + i]));
        }
      }
      case BF16 -> {
        for (int i = 0; i < columns; i++) {
          MEMORY.set(SHORT, at + 2L * part.element(token, i), bfloat16(source[from + i]));
        }
      }
      case Q8_0 -> {
        long scales = at + layout.scalesOffset(columns);
        for (int run = 0; run * KvLayout.SCALE_COLUMNS < columns; run++) {
          float scale = writeCodes(at, source, from, part, token, run * KvLayout.SCALE_COLUMNS);
          MEMORY.set(SHORT, scales + 2L * part.scale(token, run), Float.floatToFloat16(scale));
        }
      }
      case FP8 -> throw KvLayout.noFp8();
    }
  }

  /** Writes the codes of up to 32 columns, relative to the scale before that is rounded, and returns it. */
  private static float writeCodes(long at, float[] source, int from, Part part, int token, int first) {
    int end = Math.min(first + KvLayout.SCALE_COLUMNS, part.columns);
    float largest = 0;
    for (int i = first; i < end; i++) {
      // max keeps not-a-number, which a comparison would lose
      largest = Math.max(largest, Math.abs(source[from + i]));
    }
    float scale = largest / 127;
    for (int i = first; i < end; i++) {
      int code = scale == 0 ? 0 : (int) Math.rint(source[from + i] / scale);
      MEMORY.set(ValueLayout.JAVA_BYTE, at + part.element(token, i), (byte) code);
    }
    return scale;
  }

  /** Rounds to the nearest, ties to even; not-a-number stays one. */
  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >> 16 & 1) >> 16);
  }
}
