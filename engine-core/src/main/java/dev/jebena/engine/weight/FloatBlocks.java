package dev.jebena.engine.weight;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Scalar decoders of the floating-point types, a block of one element each. */
final class FloatBlocks {

  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FloatBlocks() {}

  static void decodeF32(MemorySegment source, long offset, float[] target, int targetOffset) {
    target[targetOffset] = source.get(FLOAT, offset);
  }

  static void decodeF16(MemorySegment source, long offset, float[] target, int targetOffset) {
    target[targetOffset] = half(source, offset);
  }

  static void decodeBf16(MemorySegment source, long offset, float[] target, int targetOffset) {
    target[targetOffset] = Float.intBitsToFloat(source.get(SHORT, offset) << 16);
  }

  static float half(MemorySegment source, long offset) {
    return Float.float16ToFloat(source.get(SHORT, offset));
  }
}
