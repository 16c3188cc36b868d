package dev.jebena.engine.weight;

import static dev.jebena.engine.weight.FloatBlocks.half;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Scalar decoders of GGUF's 256-element "K" blocks: one or two F16 factors for the block, and small integer scales (and minima) for
 * its sub-blocks of 32 (Q4_K, Q5_K) or 16 (Q6_K) elements.
 */
final class SuperBlocks {

  private static final int SUB_BLOCK = 32;

  private SuperBlocks() {}

  /** {@code d, dmin, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles}: q d s - dmin m. */
  static void decodeQ4K(MemorySegment source, long offset, float[] target, int targetOffset) {
    float scale = half(source, offset);
    float minimum = half(source, offset + 2);
    for (int sub = 0; sub < 8; sub++) {
      float d = scale * subScale(source, offset + 4, sub);
      float m = minimum * subMinimum(source, offset + 4, sub);
      long codes = offset + 16 + (long) (sub >> 1) * SUB_BLOCK;
      int shift = (sub & 1) * 4;
      for (int i = 0; i < SUB_BLOCK; i++) {
        int q = source.get(ValueLayout.JAVA_BYTE, codes + i) >> shift & 15;
        target[targetOffset + sub * SUB_BLOCK + i] = q * d - m;
      }
    }
  }

  /** As Q4_K, with 32 bytes of fifth bits (bit s of byte i belongs to element i of sub-block s) before the nibbles. */
  static void decodeQ5K(MemorySegment source, long offset, float[] target, int targetOffset) {
    float scale = half(source, offset);
    float minimum = half(source, offset + 2);
    for (int sub = 0; sub < 8; sub++) {
      float d = scale * subScale(source, offset + 4, sub);
      float m = minimum * subMinimum(source, offset + 4, sub);
      long codes = offset + 48 + (long) (sub >> 1) * SUB_BLOCK;
      int shift = (sub & 1) * 4;
      for (int i = 0; i < SUB_BLOCK; i++) {
        int low = source.get(ValueLayout.JAVA_BYTE, codes + i) >> shift & 15;
        int high = source.get(ValueLayout.JAVA_BYTE, offset + 16 + i) >> sub & 1;
        target[targetOffset + sub * SUB_BLOCK + i] = (low | high << 4) * d - m;
      }
    }
  }

  /**
   * {@code 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales, d}: (q - 32) d s. Each half of the block has 64 low
   * bytes and 32 high bytes for four runs of 32 elements.
   */
  static void decodeQ6K(MemorySegment source, long offset, float[] target, int targetOffset) {
    float scale = half(source, offset + 208);
    for (int run = 0; run < 8; run++) {
      int part = run >> 2;
      int within = run & 3;
      long low = offset + part * 64L + (within & 1) * (long) SUB_BLOCK;
      long high = offset + 128 + part * (long) SUB_BLOCK;
      for (int i = 0; i < SUB_BLOCK; i++) {
        int bits = source.get(ValueLayout.JAVA_BYTE, low + i) >> (within >> 1) * 4 & 15;
        int top = source.get(ValueLayout.JAVA_BYTE, high + i) >> within * 2 & 3;
        int subScale = source.get(ValueLayout.JAVA_BYTE, offset + 192 + part * 8L + within * 2L + i / 16);
        target[targetOffset + run * SUB_BLOCK + i] = ((bits | top << 4) - 32) * (scale * subScale);
      }
    }
  }

  /** The six-bit scale of a sub-block; the last four keep their upper two bits with the first four's. */
  private static int subScale(MemorySegment source, long packed, int sub) {
    if (sub < 4) {
      return source.get(ValueLayout.JAVA_BYTE, packed + sub) & 63;
    }
    int low = source.get(ValueLayout.JAVA_BYTE, packed + sub + 4) & 15;
    return low | (source.get(ValueLayout.JAVA_BYTE, packed + sub - 4) >> 6 & 3) << 4;
  }

  private static int subMinimum(MemorySegment source, long packed, int sub) {
    if (sub < 4) {
      return source.get(ValueLayout.JAVA_BYTE, packed + sub + 4) & 63;
    }
    int low = source.get(ValueLayout.JAVA_BYTE, packed + sub + 4) >> 4 & 15;
    return low | (source.get(ValueLayout.JAVA_BYTE, packed + sub) >> 6 & 3) << 4;
  }
}
