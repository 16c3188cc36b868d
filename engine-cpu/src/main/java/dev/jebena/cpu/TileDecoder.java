package dev.jebena.cpu;

import static dev.jebena.cpu.Factors.BASES;
import static dev.jebena.cpu.Factors.HALF_BITS;
import static dev.jebena.cpu.Factors.HALF_SCALE;
import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.MEMORY;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;
import static dev.jebena.cpu.PackedFormat.STRIP_ROWS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Decodes columns of a packed group into a tile of floats {@code [columns][64 rows]}, which stays in the first-level cache.
 *
 * <p>Codes become floats without a conversion: the bits of a code are moved to the top of a mantissa whose exponent is that of 1, which
 * makes {@code v = 1 + code / 2^bits}; with factors of the unit the weight is then one fused multiply-add, {@code v * (2^bits d) + (m - 2^bits
 * d)}. For the types without a minimum that is exact; with one it rounds once, as the type's specification does.
 *
 * <p>One vector of rows at a time goes down the columns, in loops that do not count and bodies without branches on vectors: where the JIT
 * merges two vectors or cannot inline a helper, vectors go to the heap.
 */
final class TileDecoder {

  static final int ONE = 0x3F800000;
  static final int MASK_4 = 0x00780000;
  static final int MASK_5 = 0x007C0000;
  static final int MASK_6 = 0x007E0000;
  static final int MASK_8 = 0x007F8000;
  /** The lowest two bits of a code of five bits. */
  static final int PAIR_OF_5 = 0x000C0000;
  /** The lowest two bits of a code of six bits. */
  static final int PAIR_OF_6 = 0x00060000;

  private TileDecoder() {}

  /**
   * Decodes {@code columns} columns from {@code column} into the room's tile, from its beginning.
   *
   * @param column where a unit begins
   * @param columns of whole units, except at the end of a weight of 16-bit floats
   */
  static void decode(PackedWeight weight, int group, int column, int columns, LinearStage.Room room) {
    PackedFormat format = weight.format();
    long block = weight.groupAddress(group) + (long) (column / format.blockColumns()) * format.blockBytes();
    long stride = weight.stripStride();
    if (format.factors() == PackedFormat.FactorLayout.NONE) {
      long end = block + (long) format.blocks(columns) * format.blockBytes();
      decodeFloats(format, block, end, stride, room.tile);
      return;
    }
    int unit = column % format.blockColumns() / format.unitColumns();
    int tile = 0;
    int left = columns;
    while (left > 0) {
      int units = Math.min(format.units() - unit, left / format.unitColumns());
      Factors.readBlock(format, block, stride, room.factors);
      long at = block + format.blockFactorBytes() + (long) unit * format.unitBytes();
      for (int i = 0; i < units; i++) {
        Factors.readUnit(format, at, stride, room.factors);
        decodeUnit(format, at + format.unitFactorBytes(), at + format.unitBytes(), stride, room, tile);
        at += format.unitBytes();
        tile += format.unitColumns() * GROUP_ROWS;
      }
      left -= units * format.unitColumns();
      block += format.blockBytes();
      unit = 0;
    }
  }

  private static void decodeFloats(PackedFormat format, long block, long blocksEnd, long stride, float[] tile) {
    long at = block;
    long end = blocksEnd;
    for (int first = 0; first < GROUP_ROWS; first += STRIP_ROWS) {
      for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
        switch (format.type()) {
          case F32 -> decodeF32(at + 4L * row, end + 4L * row, tile, first + row);
          case F16 -> decodeF16(at + 4L * row, end + 4L * row, tile, first + row);
          case BF16 -> decodeBf16(at + 4L * row, end + 4L * row, tile, first + row);
          default -> throw new IllegalArgumentException(format.type() + " has factors");
        }
      }
      at += stride;
      end += stride;
    }
  }

  /** Codes from {@code codes} to {@code codesEnd} of each strip into the tile from {@code tileAt}. */
  private static void decodeUnit(PackedFormat format, long codes, long codesEnd, long stride, LinearStage.Room room, int tileAt) {
    long at = codes;
    long end = codesEnd;
    for (int first = 0; first < GROUP_ROWS; first += STRIP_ROWS) {
      for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
        int to = tileAt + first + row;
        switch (format.bits()) {
          case 4 -> decodeFour(at + 4L * row, end + 4L * row, room.factors, first + row, room.tile, to);
          case 5 -> decodeFive(at + 4L * row, end + 4L * row, room.factors, first + row, room.tile, to);
          case 6 -> decodeSix(at + 4L * row, end + 4L * row, room.factors, first + row, room.tile, to);
          case 8 -> decodeEight(at + 4L * row, end + 4L * row, room.factors, first + row, room.tile, to);
          default -> throw new IllegalArgumentException(format.bits() + " bits");
        }
      }
      at += stride;
      end += stride;
    }
  }

  private static void decodeF32(long block, long end, float[] tile, int tileAt) {
    long at = block;
    int to = tileAt;
    while (at != end) {
      FloatVector.fromMemorySegment(FLOAT, MEMORY, at, LITTLE).intoArray(tile, to);
      at += 4L * STRIP_ROWS;
      to += GROUP_ROWS;
    }
  }

  private static void decodeF16(long block, long end, float[] tile, int tileAt) {
    long at = block;
    int to = tileAt;
    while (at != end) {
      IntVector pair = IntVector.fromMemorySegment(INT, MEMORY, at, LITTLE);
      pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE)
          .intoArray(tile, to);
      pair.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE).intoArray(tile, to + GROUP_ROWS);
      at += 4L * STRIP_ROWS;
      to += 2 * GROUP_ROWS;
    }
  }

  private static void decodeBf16(long block, long end, float[] tile, int tileAt) {
    long at = block;
    int to = tileAt;
    while (at != end) {
      IntVector pair = IntVector.fromMemorySegment(INT, MEMORY, at, LITTLE);
      pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(tile, to);
      pair.and(0xFFFF0000).reinterpretAsFloats().intoArray(tile, to + GROUP_ROWS);
      at += 4L * STRIP_ROWS;
      to += 2 * GROUP_ROWS;
    }
  }

  /** Words of eight nibbles. */
  private static void decodeFour(long codes, long end, float[] factors, int factor, float[] tile, int tileAt) {
    FloatVector scale = FloatVector.fromArray(FLOAT, factors, factor);
    FloatVector base = FloatVector.fromArray(FLOAT, factors, BASES + factor);
    long at = codes;
    int to = tileAt;
    while (at != end) {
      IntVector z = IntVector.fromMemorySegment(INT, MEMORY, at, LITTLE);
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

  /** Words of four bytes. */
  private static void decodeEight(long codes, long end, float[] factors, int factor, float[] tile, int tileAt) {
    FloatVector scale = FloatVector.fromArray(FLOAT, factors, factor);
    FloatVector base = FloatVector.fromArray(FLOAT, factors, BASES + factor);
    long at = codes;
    int to = tileAt;
    while (at != end) {
      IntVector z = IntVector.fromMemorySegment(INT, MEMORY, at, LITTLE);
      z.lanewise(VectorOperators.LSHL, 15).and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
      z.lanewise(VectorOperators.LSHL, 7).and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + GROUP_ROWS);
      z.lanewise(VectorOperators.LSHR, 1).and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 2 * GROUP_ROWS);
      z.lanewise(VectorOperators.LSHR, 9).and(MASK_8).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + 3 * GROUP_ROWS);
      at += 4L * STRIP_ROWS;
      to += 4 * GROUP_ROWS;
    }
  }

  /** Five words of six codes and two bits of the last two codes each. */
  private static void decodeFive(long codes, long end, float[] factors, int factor, float[] tile, int tileAt) {
    FloatVector scale = FloatVector.fromArray(FLOAT, factors, factor);
    FloatVector base = FloatVector.fromArray(FLOAT, factors, BASES + factor);
    IntVector last = IntVector.zero(INT);
    long at = codes;
    int to = tileAt;
    while (at != end) {
      IntVector z = IntVector.fromMemorySegment(INT, MEMORY, at, LITTLE).lanewise(VectorOperators.ROL, 18);
      int stop = to + 6 * GROUP_ROWS;
      while (to != stop) {
        z.and(MASK_5).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
        z = z.lanewise(VectorOperators.ROR, 5);
        to += GROUP_ROWS;
      }
      last = last.lanewise(VectorOperators.ROL, 2).or(z.and(PAIR_OF_5));
      at += 4L * STRIP_ROWS;
    }
    last.and(MASK_5).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
    last.lanewise(VectorOperators.ROR, 5).and(MASK_5).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to + GROUP_ROWS);
  }

  /** Three words of five codes and two bits of the last code each. */
  private static void decodeSix(long codes, long end, float[] factors, int factor, float[] tile, int tileAt) {
    FloatVector scale = FloatVector.fromArray(FLOAT, factors, factor);
    FloatVector base = FloatVector.fromArray(FLOAT, factors, BASES + factor);
    IntVector last = IntVector.zero(INT);
    long at = codes;
    int to = tileAt;
    while (at != end) {
      IntVector z = IntVector.fromMemorySegment(INT, MEMORY, at, LITTLE).lanewise(VectorOperators.ROL, 17);
      int stop = to + 5 * GROUP_ROWS;
      while (to != stop) {
        z.and(MASK_6).or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
        z = z.lanewise(VectorOperators.ROR, 6);
        to += GROUP_ROWS;
      }
      last = last.lanewise(VectorOperators.ROL, 2).or(z.and(PAIR_OF_6));
      at += 4L * STRIP_ROWS;
    }
    last.or(ONE).reinterpretAsFloats().fma(scale, base).intoArray(tile, to);
  }
}
