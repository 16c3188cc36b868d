package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.SHORT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.weight.BlockType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Decodes blocks of a packed group into a tile of floats {@code [columns][64 rows]}, which stays in the first-level cache.
 *
 * <p>Codes become floats without a conversion: the bits of a code are moved to the top of a mantissa whose exponent is that of 1, which
 * makes {@code v = 1 + code / 2^bits}; with factors of the block the weight is then one fused multiply-add, {@code v * (2^bits d) + (m - 2^bits
 * d)}. For the types without a minimum that is exact; with one it rounds once, as the type's specification does.
 */
final class TileDecoder {

  private static final int ONE = 0x3F800000;
  private static final int MASK_4 = 0x00780000;
  private static final int MASK_5 = 0x007C0000;
  private static final int MASK_6 = 0x007E0000;
  private static final int MASK_8 = 0x007F8000;
  private static final int TOP_MANTISSA_BIT = 0x00400000;
  private static final int TOP_MANTISSA_PAIR = 0x00600000;
  private static final int HALF_BITS = 0x8FFFE000;
  /** What a half's bits, moved into a float, lack in the exponent. */
  private static final float HALF_SCALE = 0x1p112f;

  private TileDecoder() {}

  /** Decodes {@code blocks} blocks from {@code address} into {@code tile}, from its beginning. */
  static void decode(PackedFormat format, long address, int blocks, float[] tile) {
    MemorySegment in = MemorySegment.ofAddress(address).reinterpret((long) blocks * format.blockBytes());
    switch (format.type()) {
      case F32 -> decodeF32(in, blocks, tile);
      case F16 -> decodeF16(in, blocks, tile);
      case BF16 -> decodeBf16(in, blocks, tile);
      case Q4_0, Q4_1 -> decodeFour(in, blocks, format.type() == BlockType.Q4_1, tile);
      case Q5_0, Q5_1 -> decodeFive(in, blocks, format.type() == BlockType.Q5_1, tile);
      case Q8_0 -> decodeEight(in, blocks, tile);
      case Q4_K -> decodeFourK(in, blocks, tile);
      case Q5_K -> decodeFiveK(in, blocks, tile);
      case Q6_K -> decodeSixK(in, blocks, tile);
    }
  }

  private static void decodeF32(MemorySegment in, int blocks, float[] tile) {
    for (int i = 0; i < blocks * GROUP_ROWS; i += WIDTH) {
      FloatVector.fromMemorySegment(FLOAT, in, 4L * i, LITTLE).intoArray(tile, i);
    }
  }

  private static void decodeF16(MemorySegment in, int blocks, float[] tile) {
    for (int block = 0; block < blocks; block++) {
      for (int row = 0; row < GROUP_ROWS; row += WIDTH) {
        IntVector pair = IntVector.fromMemorySegment(INT, in, 4L * (block * GROUP_ROWS + row), LITTLE);
        int at = 2 * block * GROUP_ROWS + row;
        half(pair.lanewise(VectorOperators.LSHL, 16)).intoArray(tile, at);
        half(pair).intoArray(tile, at + GROUP_ROWS);
      }
    }
  }

  /** The half in the upper 16 bits of each lane. */
  private static FloatVector half(IntVector upper) {
    return upper.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE);
  }

  private static void decodeBf16(MemorySegment in, int blocks, float[] tile) {
    for (int block = 0; block < blocks; block++) {
      for (int row = 0; row < GROUP_ROWS; row += WIDTH) {
        IntVector pair = IntVector.fromMemorySegment(INT, in, 4L * (block * GROUP_ROWS + row), LITTLE);
        int at = 2 * block * GROUP_ROWS + row;
        pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(tile, at);
        pair.and(0xFFFF0000).reinterpretAsFloats().intoArray(tile, at + GROUP_ROWS);
      }
    }
  }

  /** The halves of {@link Lanes#WIDTH} rows from {@code offset}, times {@code factor}. */
  static FloatVector halves(MemorySegment in, long offset, float factor) {
    IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, in, offset, LITTLE).convertShape(VectorOperators.S2I, INT, 0);
    return bits.lanewise(VectorOperators.LSHL, 13).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE * factor);
  }

  private static void decodeFour(MemorySegment in, int blocks, boolean hasMinimum, float[] tile) {
    long at = 0;
    int out = 0;
    for (int block = 0; block < blocks; block++) {
      long codes = at + (hasMinimum ? 4 : 2) * GROUP_ROWS;
      for (int row = 0; row < GROUP_ROWS; row += WIDTH) {
        FloatVector scale = halves(in, at + 2L * row, 16);
        FloatVector base =
            hasMinimum ? halves(in, at + 2L * (GROUP_ROWS + row), 1).sub(scale) : scale.mul(-1.5f);
        nibbleWords(in, codes + 4L * row, scale, base, tile, out + row);
      }
      at = codes + 16L * GROUP_ROWS;
      out += 32 * GROUP_ROWS;
    }
  }

  /**
   * Four words of eight nibbles of {@link Lanes#WIDTH} rows. Half a word is written out and not a whole one: a longer body would not be
   * inlined, and vectors that are passed to a method would live on the heap.
   */
  private static void nibbleWords(MemorySegment in, long codes, FloatVector scale, FloatVector base, float[] tile, int out) {
    int to = out;
    for (int word = 0; word < 4; word++) {
      IntVector z = IntVector.fromMemorySegment(INT, in, codes + 4L * GROUP_ROWS * word, LITTLE);
      for (int half = 0; half < 2; half++) {
        nibble(z.lanewise(VectorOperators.LSHL, 19), scale, base).intoArray(tile, to);
        nibble(z.lanewise(VectorOperators.LSHL, 15), scale, base).intoArray(tile, to + GROUP_ROWS);
        nibble(z.lanewise(VectorOperators.LSHL, 11), scale, base).intoArray(tile, to + 2 * GROUP_ROWS);
        nibble(z.lanewise(VectorOperators.LSHL, 7), scale, base).intoArray(tile, to + 3 * GROUP_ROWS);
        z = z.lanewise(VectorOperators.LSHR, 16);
        to += 4 * GROUP_ROWS;
      }
    }
  }

  private static FloatVector nibble(IntVector moved, FloatVector scale, FloatVector base) {
    return moved.and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base);
  }

  private static void decodeFive(MemorySegment in, int blocks, boolean hasMinimum, float[] tile) {
    long at = 0;
    int out = 0;
    for (int block = 0; block < blocks; block++) {
      long highs = at + (hasMinimum ? 4 : 2) * GROUP_ROWS;
      long codes = highs + 4L * GROUP_ROWS;
      for (int row = 0; row < GROUP_ROWS; row += WIDTH) {
        FloatVector scale = halves(in, at + 2L * row, 32);
        FloatVector base =
            hasMinimum ? halves(in, at + 2L * (GROUP_ROWS + row), 1).sub(scale) : scale.mul(-1.5f);
        fiveBitWords(in, highs + 4L * row, codes + 4L * row, scale, base, tile, out + row);
      }
      at = codes + 16L * GROUP_ROWS;
      out += 32 * GROUP_ROWS;
    }
  }

  private static void fiveBitWords(
      MemorySegment in, long highs, long codes, FloatVector scale, FloatVector base, float[] tile, int out) {
    IntVector high = IntVector.fromMemorySegment(INT, in, highs, LITTLE);
    for (int word = 0; word < 4; word++) {
      IntVector low = IntVector.fromMemorySegment(INT, in, codes + 4L * GROUP_ROWS * word, LITTLE);
      for (int i = 0; i < 8; i++) {
        IntVector bits = low.lanewise(VectorOperators.LSHL, 18).and(MASK_5 & ~TOP_MANTISSA_BIT)
            .or(high.lanewise(VectorOperators.LSHL, 22).and(TOP_MANTISSA_BIT)).or(ONE);
        bits.reinterpretAsFloats().fma(scale, base).intoArray(tile, out + (word * 8 + i) * GROUP_ROWS);
        low = low.lanewise(VectorOperators.LSHR, 4);
        high = high.lanewise(VectorOperators.LSHR, 1);
      }
    }
  }

  private static void decodeEight(MemorySegment in, int blocks, float[] tile) {
    long at = 0;
    int out = 0;
    for (int block = 0; block < blocks; block++) {
      long codes = at + 2L * GROUP_ROWS;
      for (int row = 0; row < GROUP_ROWS; row += WIDTH) {
        FloatVector scale = halves(in, at + 2L * row, 256);
        FloatVector base = scale.mul(-1.5f);
        for (int word = 0; word < 8; word++) {
          IntVector z = IntVector.fromMemorySegment(INT, in, codes + 4L * (word * GROUP_ROWS + row), LITTLE);
          int to = out + word * 4 * GROUP_ROWS + row;
          eight(z.lanewise(VectorOperators.LSHL, 15), scale, base).intoArray(tile, to);
          eight(z.lanewise(VectorOperators.LSHL, 7), scale, base).intoArray(tile, to + GROUP_ROWS);
          eight(z.lanewise(VectorOperators.LSHR, 1), scale, base).intoArray(tile, to + 2 * GROUP_ROWS);
          eight(z.lanewise(VectorOperators.LSHR, 9), scale, base).intoArray(tile, to + 3 * GROUP_ROWS);
        }
      }
      at = codes + 32L * GROUP_ROWS;
      out += 32 * GROUP_ROWS;
    }
  }

  private static FloatVector eight(IntVector moved, FloatVector scale, FloatVector base) {
    return moved.and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base);
  }

  /** Bytes of {@link Lanes#WIDTH} rows as floats. */
  private static FloatVector bytes(MemorySegment in, long offset) {
    return (FloatVector) ByteVector.fromMemorySegment(Lanes.BYTE, in, offset, LITTLE).convertShape(VectorOperators.B2F, FLOAT, 0);
  }

  private static void decodeFourK(MemorySegment in, int blocks, float[] tile) {
    long at = 0;
    int out = 0;
    for (int block = 0; block < blocks; block++) {
      long sub = at + 4L * GROUP_ROWS;
      for (int i = 0; i < 8; i++) {
        for (int row = 0; row < GROUP_ROWS; row += WIDTH) {
          FloatVector scale = halves(in, at + 2L * row, 16).mul(bytes(in, sub + row));
          FloatVector base = halves(in, at + 2L * (GROUP_ROWS + row), -1).mul(bytes(in, sub + GROUP_ROWS + row)).sub(scale);
          nibbleWords(in, sub + 2L * GROUP_ROWS + 4L * row, scale, base, tile, out + row);
        }
        sub += 18L * GROUP_ROWS;
        out += 32 * GROUP_ROWS;
      }
      at = sub;
    }
  }

  private static void decodeFiveK(MemorySegment in, int blocks, float[] tile) {
    long at = 0;
    int out = 0;
    for (int block = 0; block < blocks; block++) {
      long sub = at + 4L * GROUP_ROWS;
      for (int i = 0; i < 8; i++) {
        for (int row = 0; row < GROUP_ROWS; row += WIDTH) {
          FloatVector scale = halves(in, at + 2L * row, 32).mul(bytes(in, sub + row));
          FloatVector base = halves(in, at + 2L * (GROUP_ROWS + row), -1).mul(bytes(in, sub + GROUP_ROWS + row)).sub(scale);
          long highs = sub + 2L * GROUP_ROWS + 4L * row;
          fiveBitWords(in, highs, highs + 4L * GROUP_ROWS, scale, base, tile, out + row);
        }
        sub += 22L * GROUP_ROWS;
        out += 32 * GROUP_ROWS;
      }
      at = sub;
    }
  }

  private static void decodeSixK(MemorySegment in, int blocks, float[] tile) {
    long at = 0;
    int out = 0;
    for (int block = 0; block < blocks; block++) {
      long sub = at + 2L * GROUP_ROWS;
      for (int i = 0; i < 8; i++) {
        for (int row = 0; row < GROUP_ROWS; row += WIDTH) {
          FloatVector factor = halves(in, at + 2L * row, 64);
          for (int half = 0; half < 2; half++) {
            FloatVector scale = factor.mul(bytes(in, sub + half * GROUP_ROWS + row));
            sixBitWords(in, sub + 2L * GROUP_ROWS + 4L * row, half, scale, tile, out + half * 16 * GROUP_ROWS + row);
          }
        }
        sub += 26L * GROUP_ROWS;
        out += 32 * GROUP_ROWS;
      }
      at = sub;
    }
  }

  /** Sixteen columns: one word of high pairs, two words of nibbles. */
  private static void sixBitWords(MemorySegment in, long sub, int half, FloatVector scale, float[] tile, int out) {
    FloatVector base = scale.mul(-1.5f);
    IntVector high = IntVector.fromMemorySegment(INT, in, sub + 4L * GROUP_ROWS * half, LITTLE);
    for (int word = 0; word < 2; word++) {
      IntVector low = IntVector.fromMemorySegment(INT, in, sub + 4L * GROUP_ROWS * (2 + 2 * half + word), LITTLE);
      for (int i = 0; i < 8; i++) {
        IntVector bits = low.lanewise(VectorOperators.LSHL, 17).and(MASK_6 & ~TOP_MANTISSA_PAIR)
            .or(high.lanewise(VectorOperators.LSHL, 21).and(TOP_MANTISSA_PAIR)).or(ONE);
        bits.reinterpretAsFloats().fma(scale, base).intoArray(tile, out + (word * 8 + i) * GROUP_ROWS);
        low = low.lanewise(VectorOperators.LSHR, 4);
        high = high.lanewise(VectorOperators.LSHR, 2);
      }
    }
  }
}
