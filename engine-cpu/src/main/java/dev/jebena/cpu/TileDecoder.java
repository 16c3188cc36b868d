package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.MEMORY;
import static dev.jebena.cpu.Lanes.SHORT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;
import static dev.jebena.cpu.PackedFormat.STRIP_ROWS;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Decodes columns of a packed group into a tile of floats {@code [columns][64 rows]}, which stays in the first-level cache.
 *
 * <p>Codes become floats without a conversion: the bits of a code are moved to the top of a mantissa whose exponent is that of 1, which
 * makes {@code v = 1 + code / 2^bits}; with factors of the block the weight is then one fused multiply-add, {@code v * (2^bits d) + (m - 2^bits
 * d)}. For the types without a minimum that is exact; with one it rounds once, as the type's specification does.
 *
 * <p>One vector of rows at a time goes down the columns, in loops that do not count and bodies without branches on vectors: where the JIT
 * merges two vectors or cannot inline a helper, vectors go to the heap.
 */
final class TileDecoder {

  static final int ONE = 0x3F800000;
  static final int MASK_4 = 0x00780000;
  static final int MASK_8 = 0x007F8000;
  /** Of five bits the low four, and the high one. */
  static final int LOW_4_OF_5 = 0x003C0000;

  static final int TOP_BIT = 0x00400000;
  /** Of six bits the low four, and the high two. */
  static final int LOW_4_OF_6 = 0x001E0000;

  static final int TOP_PAIR = 0x00600000;
  static final int HALF_BITS = 0x8FFFE000;
  /** What a half's bits, moved into a float, lack in the exponent. */
  static final float HALF_SCALE = 0x1p112f;
  /** Columns of a sub-block of a super-block. */
  static final int SUB_COLUMNS = 32;
  /** Bytes of a sub-block of a strip. */
  static final long FOUR_K_SUB = 18L * STRIP_ROWS;

  static final long FIVE_K_SUB = 22L * STRIP_ROWS;
  static final long SIX_K_SUB = 26L * STRIP_ROWS;

  private TileDecoder() {}

  /**
   * Decodes {@code columns} columns from {@code column} into {@code tile}, from its beginning.
   *
   * @param group address of the group
   * @param weightColumns columns of the weight: how far apart the group's strips are
   * @param column where a block begins, or a sub-block of 32 columns of a super-block
   * @param columns of whole blocks; for types with super-blocks of whole sub-blocks of one super-block
   */
  static void decode(PackedFormat format, long group, int weightColumns, int column, int columns, float[] tile) {
    long stripBytes = format.stripBytes(weightColumns);
    long block = group + (long) (column / format.blockColumns()) * format.blockBytes();
    long bytes = (long) format.blocks(columns) * format.blockBytes();
    int sub = column % format.blockColumns() / SUB_COLUMNS;
    int subs = columns / SUB_COLUMNS;
    for (int row = 0; row < GROUP_ROWS; row += STRIP_ROWS) {
      decodeStrip(format, block, block + bytes, sub, subs, tile, row);
      block += stripBytes;
    }
  }

  private static void decodeStrip(PackedFormat format, long block, long end, int sub, int subs, float[] tile, int row) {
    switch (format.type()) {
      case F32 -> decodeF32(block, end, tile, row);
      case F16 -> decodeF16(block, end, tile, row);
      case BF16 -> decodeBf16(block, end, tile, row);
      case Q4_0 -> decodeFour(block, end, 0, 0, 1.5f, tile, row);
      case Q4_1 -> decodeFour(block, end, 2 * STRIP_ROWS, 1, 1, tile, row);
      case Q5_0 -> decodeFive(block, end, 0, 0, 1.5f, tile, row);
      case Q5_1 -> decodeFive(block, end, 2 * STRIP_ROWS, 1, 1, tile, row);
      case Q8_0 -> decodeEight(block, end, tile, row);
      case Q4_K -> decodeFourK(block, sub, subs, tile, row);
      case Q5_K -> decodeFiveK(block, sub, subs, tile, row);
      case Q6_K -> decodeSixK(block, sub, subs, tile, row);
    }
  }

  private static void decodeF32(long block, long blocksEnd, float[] tile, int firstRow) {
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      long at = block + 4L * row;
      long end = blocksEnd + 4L * row;
      int to = firstRow + row;
      while (at != end) {
        FloatVector.fromMemorySegment(FLOAT, MEMORY, at, LITTLE).intoArray(tile, to);
        at += 4L * STRIP_ROWS;
        to += GROUP_ROWS;
      }
    }
  }

  private static void decodeF16(long block, long blocksEnd, float[] tile, int firstRow) {
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      long at = block + 4L * row;
      long end = blocksEnd + 4L * row;
      int to = firstRow + row;
      while (at != end) {
        IntVector pair = IntVector.fromMemorySegment(INT, MEMORY, at, LITTLE);
        pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE)
            .intoArray(tile, to);
        pair.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE).intoArray(tile, to + GROUP_ROWS);
        at += 4L * STRIP_ROWS;
        to += 2 * GROUP_ROWS;
      }
    }
  }

  private static void decodeBf16(long block, long blocksEnd, float[] tile, int firstRow) {
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      long at = block + 4L * row;
      long end = blocksEnd + 4L * row;
      int to = firstRow + row;
      while (at != end) {
        IntVector pair = IntVector.fromMemorySegment(INT, MEMORY, at, LITTLE);
        pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(tile, to);
        pair.and(0xFFFF0000).reinterpretAsFloats().intoArray(tile, to + GROUP_ROWS);
        at += 4L * STRIP_ROWS;
        to += 2 * GROUP_ROWS;
      }
    }
  }

  /** The halves of {@link Lanes#WIDTH} rows from {@code offset}, times {@code factor}. */
  static FloatVector halves(MemorySegment in, long offset, float factor) {
    IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, in, offset, LITTLE).convertShape(VectorOperators.S2I, INT, 0);
    return bits.lanewise(VectorOperators.LSHL, 13).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE * factor);
  }

  /** Bytes of {@link Lanes#WIDTH} rows as floats. */
  static FloatVector bytes(MemorySegment in, long offset) {
    return (FloatVector) ByteVector.fromMemorySegment(Lanes.BYTE, in, offset, LITTLE).convertShape(VectorOperators.B2F, FLOAT, 0);
  }

  /**
   * Blocks of 32 nibbles. Where there is no minimum, 0 times the scale stands for it: a branch would merge vectors.
   *
   * @param minima bytes from the scales to the minima
   * @param weight of the minimum in the base
   * @param shift of the scale in it
   */
  private static void decodeFour(long block, long blocksEnd, int minima, float weight, float shift, float[] tile, int firstRow) {
    int factors = minima + 2 * STRIP_ROWS;
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      long at = block;
      int to = firstRow + row;
      while (at != blocksEnd) {
        FloatVector scale = halves(MEMORY, at + 2L * row, 16);
        FloatVector base = halves(MEMORY, at + minima + 2L * row, weight).sub(scale.mul(shift));
        at += factors;
        long end = at + 16L * STRIP_ROWS;
        while (at != end) {
          IntVector z = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * row, LITTLE);
          z.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
          z.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + GROUP_ROWS);
          z.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 2 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 3 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHL, 3).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 4 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHR, 1).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 5 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHR, 5).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 6 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHR, 9).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 7 * GROUP_ROWS);
          at += 4L * STRIP_ROWS;
          to += 8 * GROUP_ROWS;
        }
      }
    }
  }

  private static void decodeFive(long block, long blocksEnd, int minima, float weight, float shift, float[] tile, int firstRow) {
    int factors = minima + 2 * STRIP_ROWS;
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      long at = block;
      int to = firstRow + row;
      while (at != blocksEnd) {
        FloatVector scale = halves(MEMORY, at + 2L * row, 32);
        FloatVector base = halves(MEMORY, at + minima + 2L * row, weight).sub(scale.mul(shift));
        at += factors;
        IntVector high = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * row, LITTLE);
        at += 4L * STRIP_ROWS;
        long end = at + 16L * STRIP_ROWS;
        while (at != end) {
          IntVector low = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * row, LITTLE);
          int stop = to + 8 * GROUP_ROWS;
          while (to != stop) {
            low.lanewise(VectorOperators.LSHL, 18).and(LOW_4_OF_5).or(high.lanewise(VectorOperators.LSHL, 22).and(TOP_BIT)).or(ONE)
                .reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
            low = low.lanewise(VectorOperators.LSHR, 4);
            high = high.lanewise(VectorOperators.LSHR, 1);
            to += GROUP_ROWS;
          }
          at += 4L * STRIP_ROWS;
        }
      }
    }
  }

  private static void decodeEight(long block, long blocksEnd, float[] tile, int firstRow) {
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      long at = block;
      int to = firstRow + row;
      while (at != blocksEnd) {
        FloatVector scale = halves(MEMORY, at + 2L * row, 256);
        FloatVector base = scale.mul(-1.5f);
        at += 2L * STRIP_ROWS;
        long end = at + 32L * STRIP_ROWS;
        while (at != end) {
          IntVector z = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * row, LITTLE);
          z.lanewise(VectorOperators.LSHL, 15).and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
          z.lanewise(VectorOperators.LSHL, 7).and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + GROUP_ROWS);
          z.lanewise(VectorOperators.LSHR, 1).and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 2 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHR, 9).and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 3 * GROUP_ROWS);
          at += 4L * STRIP_ROWS;
          to += 4 * GROUP_ROWS;
        }
      }
    }
  }

  private static void decodeFourK(long block, int firstSub, int subs, float[] tile, int firstRow) {
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      FloatVector scales = halves(MEMORY, block + 2L * row, 16);
      FloatVector minima = halves(MEMORY, block + 2L * (STRIP_ROWS + row), -1);
      long at = block + 4L * STRIP_ROWS + firstSub * FOUR_K_SUB;
      long last = at + subs * FOUR_K_SUB;
      int to = firstRow + row;
      while (at != last) {
        FloatVector scale = scales.mul(bytes(MEMORY, at + row));
        FloatVector base = minima.mul(bytes(MEMORY, at + STRIP_ROWS + row)).sub(scale);
        at += 2L * STRIP_ROWS;
        long end = at + 16L * STRIP_ROWS;
        while (at != end) {
          IntVector z = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * row, LITTLE);
          z.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
          z.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + GROUP_ROWS);
          z.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 2 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 3 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHL, 3).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 4 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHR, 1).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 5 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHR, 5).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 6 * GROUP_ROWS);
          z.lanewise(VectorOperators.LSHR, 9).and(MASK_4).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 7 * GROUP_ROWS);
          at += 4L * STRIP_ROWS;
          to += 8 * GROUP_ROWS;
        }
      }
    }
  }

  private static void decodeFiveK(long block, int firstSub, int subs, float[] tile, int firstRow) {
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      FloatVector scales = halves(MEMORY, block + 2L * row, 32);
      FloatVector minima = halves(MEMORY, block + 2L * (STRIP_ROWS + row), -1);
      long at = block + 4L * STRIP_ROWS + firstSub * FIVE_K_SUB;
      long last = at + subs * FIVE_K_SUB;
      int to = firstRow + row;
      while (at != last) {
        FloatVector scale = scales.mul(bytes(MEMORY, at + row));
        FloatVector base = minima.mul(bytes(MEMORY, at + STRIP_ROWS + row)).sub(scale);
        at += 2L * STRIP_ROWS;
        IntVector high = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * row, LITTLE);
        at += 4L * STRIP_ROWS;
        long end = at + 16L * STRIP_ROWS;
        while (at != end) {
          IntVector low = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * row, LITTLE);
          int stop = to + 8 * GROUP_ROWS;
          while (to != stop) {
            low.lanewise(VectorOperators.LSHL, 18).and(LOW_4_OF_5).or(high.lanewise(VectorOperators.LSHL, 22).and(TOP_BIT)).or(ONE)
                .reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
            low = low.lanewise(VectorOperators.LSHR, 4);
            high = high.lanewise(VectorOperators.LSHR, 1);
            to += GROUP_ROWS;
          }
          at += 4L * STRIP_ROWS;
        }
      }
    }
  }

  private static void decodeSixK(long block, int firstSub, int subs, float[] tile, int firstRow) {
    for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
      FloatVector factor = halves(MEMORY, block + 2L * row, 64);
      long at = block + 2L * STRIP_ROWS + firstSub * SIX_K_SUB;
      long last = at + subs * SIX_K_SUB;
      int to = firstRow + row;
      while (at != last) {
        // two halves of 16 columns: a row of scales, a word of high pairs, two words of nibbles each
        long scales = at + row;
        long highs = at + 2L * STRIP_ROWS + 4L * row;
        at += 10L * STRIP_ROWS;
        long subEnd = at + 16L * STRIP_ROWS;
        while (at != subEnd) {
          FloatVector scale = factor.mul(bytes(MEMORY, scales));
          FloatVector base = scale.mul(-1.5f);
          IntVector high = IntVector.fromMemorySegment(INT, MEMORY, highs, LITTLE);
          scales += STRIP_ROWS;
          highs += 4L * STRIP_ROWS;
          long end = at + 8L * STRIP_ROWS;
          while (at != end) {
            IntVector low = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * row, LITTLE);
            int stop = to + 8 * GROUP_ROWS;
            while (to != stop) {
              low.lanewise(VectorOperators.LSHL, 17).and(LOW_4_OF_6).or(high.lanewise(VectorOperators.LSHL, 21).and(TOP_PAIR)).or(ONE)
                  .reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
              low = low.lanewise(VectorOperators.LSHR, 4);
              high = high.lanewise(VectorOperators.LSHR, 2);
              to += GROUP_ROWS;
            }
            at += 4L * STRIP_ROWS;
          }
        }
      }
    }
  }
}
