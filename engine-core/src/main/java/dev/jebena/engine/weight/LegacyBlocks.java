package dev.jebena.engine.weight;

import static dev.jebena.engine.weight.FloatBlocks.half;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Scalar decoders of GGUF's 32-element blocks. {@code d} is an F16 scale, {@code m} an F16 minimum; element i of a 4-bit block is the
 * low nibble of byte i for i below 16 and the high nibble of byte i - 16 from there; a fifth bit, where there is one, is bit i of a
 * 32-bit word.
 */
final class LegacyBlocks {

  private static final int HALF_BLOCK = 16;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private LegacyBlocks() {}

  /** {@code d, 16 bytes}: (q - 8) d. */
  static void decodeQ40(MemorySegment source, long offset, float[] target, int targetOffset) {
    float scale = half(source, offset);
    for (int i = 0; i < HALF_BLOCK; i++) {
      int pair = source.get(ValueLayout.JAVA_BYTE, offset + 2 + i);
      target[targetOffset + i] = ((pair & 15) - 8) * scale;
      target[targetOffset + i + HALF_BLOCK] = ((pair >> 4 & 15) - 8) * scale;
    }
  }

  /** {@code d, m, 16 bytes}: q d + m. */
  static void decodeQ41(MemorySegment source, long offset, float[] target, int targetOffset) {
    float scale = half(source, offset);
    float minimum = half(source, offset + 2);
    for (int i = 0; i < HALF_BLOCK; i++) {
      int pair = source.get(ValueLayout.JAVA_BYTE, offset + 4 + i);
      target[targetOffset + i] = (pair & 15) * scale + minimum;
      target[targetOffset + i + HALF_BLOCK] = (pair >> 4 & 15) * scale + minimum;
    }
  }

  /** {@code d, 32 high bits, 16 bytes}: (q - 16) d. */
  static void decodeQ50(MemorySegment source, long offset, float[] target, int targetOffset) {
    float scale = half(source, offset);
    int high = source.get(INT, offset + 2);
    for (int i = 0; i < HALF_BLOCK; i++) {
      int pair = source.get(ValueLayout.JAVA_BYTE, offset + 6 + i);
      target[targetOffset + i] = ((pair & 15 | (high >>> i & 1) << 4) - 16) * scale;
      target[targetOffset + i + HALF_BLOCK] = ((pair >> 4 & 15 | (high >>> i + HALF_BLOCK & 1) << 4) - 16) * scale;
    }
  }

  /** {@code d, m, 32 high bits, 16 bytes}: q d + m. */
  static void decodeQ51(MemorySegment source, long offset, float[] target, int targetOffset) {
    float scale = half(source, offset);
    float minimum = half(source, offset + 2);
    int high = source.get(INT, offset + 4);
    for (int i = 0; i < HALF_BLOCK; i++) {
      int pair = source.get(ValueLayout.JAVA_BYTE, offset + 8 + i);
      target[targetOffset + i] = (pair & 15 | (high >>> i & 1) << 4) * scale + minimum;
      target[targetOffset + i + HALF_BLOCK] = (pair >> 4 & 15 | (high >>> i + HALF_BLOCK & 1) << 4) * scale + minimum;
    }
  }

  /** {@code d, 32 signed bytes}: q d. */
  static void decodeQ80(MemorySegment source, long offset, float[] target, int targetOffset) {
    float scale = half(source, offset);
    for (int i = 0; i < 2 * HALF_BLOCK; i++) {
      target[targetOffset + i] = source.get(ValueLayout.JAVA_BYTE, offset + 2 + i) * scale;
    }
  }
}
