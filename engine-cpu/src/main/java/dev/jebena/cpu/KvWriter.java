package dev.jebena.cpu;

import dev.jebena.engine.program.KvGroup;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Writes a token's keys and values of one layer into a block. */
final class KvWriter {

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final KvLayout layout;
  private final KvGroup.CacheLayer layer;
  private final long layerOffset;

  KvWriter(KvLayout layout, int group, int cacheLayer) {
    this.layout = layout;
    this.layer = layout.layer(group, cacheLayer);
    this.layerOffset = layout.layerOffset(group, cacheLayer);
  }

  /** Writes the token at {@code token} of the block at {@code blockAddress}. */
  void write(long blockAddress, int token, float[] keys, int keyAt, float[] values, int valueAt) {
    MemorySegment block = MemorySegment.ofAddress(blockAddress).reinterpret(layout.blockBytes());
    int tokens = layout.blockTokens();
    for (int head = 0; head < layer.kvHeads(); head++) {
      long at = layerOffset + head * layout.headBytes(layer);
      writePart(block, at, keys, keyAt + head * layer.keyDim(), layer.keyDim(), token, tokens);
      at += layout.keyBytes(layer) + (long) token * layer.valueDim() * layout.elementBytes();
      writePart(block, at, values, valueAt + head * layer.valueDim(), layer.valueDim(), 0, 1);
    }
  }

  /** Writes {@code columns} elements; column c goes to element {@code c * stride + first}. */
  private void writePart(MemorySegment block, long at, float[] source, int from, int columns, int first, int stride) {
    switch (layout.type()) {
      case F32 -> {
        for (int i = 0; i < columns; i++) {
          block.set(FLOAT, at + 4L * ((long) i * stride + first), source[from + i]);
        }
      }
      case F16 -> {
        for (int i = 0; i < columns; i++) {
          block.set(SHORT, at + 2L * ((long) i * stride + first), Float.floatToFloat16(source[from + i]));
        }
      }
      case BF16 -> {
        for (int i = 0; i < columns; i++) {
          block.set(SHORT, at + 2L * ((long) i * stride + first), bfloat16(source[from + i]));
        }
      }
      case Q8_0 -> throw new IllegalStateException("8-bit caches were refused before");
    }
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
