package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.BYTE;
import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.MEMORY;
import static dev.jebena.cpu.Lanes.SHORT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;
import static dev.jebena.cpu.PackedFormat.STRIP_ROWS;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The factors of a unit, for the 64 rows of a group, as floats: {@code [64]} scales, then {@code [64]} bases, so that a weight is {@code v *
 * scale + base} with {@code v = 1 + code / 2^bits} (see {@link TileDecoder}). Behind them stand {@code [64]} scales of scales, times 2^bits,
 * and {@code [64]} negated scales of minima of the block.
 */
final class Factors {

  static final int BASES = GROUP_ROWS;
  static final int FLOATS = 4 * GROUP_ROWS;

  static final int HALF_BITS = 0x8FFFE000;
  /** What a half's bits, moved into a float, lack in the exponent. */
  static final float HALF_SCALE = 0x1p112f;

  private static final int BLOCK_SCALES = 2 * GROUP_ROWS;
  private static final int BLOCK_MINIMA = 3 * GROUP_ROWS;
  /** Half of the codes, and the 1 that v has too much. */
  private static final float MIDDLE = -1.5f;

  private Factors() {}

  /** Reads what a block begins with, if anything. */
  static void readBlock(PackedFormat format, long at, long stride, float[] factors) {
    if (format.factors().ofBlock == 0) {
      return;
    }
    boolean minima = format.factors() == PackedFormat.FactorLayout.SCALE_OF_SCALES_AND_MINIMA;
    long strip = at;
    for (int first = 0; first < GROUP_ROWS; first += STRIP_ROWS) {
      for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
        halves(strip + 2L * row, 1 << format.bits()).intoArray(factors, BLOCK_SCALES + first + row);
        if (minima) {
          halves(strip + 2L * (STRIP_ROWS + row), -1).intoArray(factors, BLOCK_MINIMA + first + row);
        }
      }
      strip += stride;
    }
  }

  /** Reads what a unit begins with; that of its block has been read. */
  static void readUnit(PackedFormat format, long at, long stride, float[] factors) {
    switch (format.factors()) {
      case NONE -> {}
      case SCALE -> readScales(at, stride, 1 << format.bits(), factors);
      case SCALE_AND_MINIMUM -> readScalesAndMinima(at, stride, 1 << format.bits(), factors);
      case SCALE_OF_SCALES -> readScalesOfScales(at, stride, factors);
      case SCALE_OF_SCALES_AND_MINIMA -> readScalesOfScalesAndMinima(at, stride, factors);
    }
  }

  private static void readScales(long at, long stride, float power, float[] factors) {
    long strip = at;
    for (int first = 0; first < GROUP_ROWS; first += STRIP_ROWS) {
      for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
        FloatVector scale = halves(strip + 2L * row, power);
        scale.intoArray(factors, first + row);
        scale.mul(MIDDLE).intoArray(factors, BASES + first + row);
      }
      strip += stride;
    }
  }

  private static void readScalesAndMinima(long at, long stride, float power, float[] factors) {
    long strip = at;
    for (int first = 0; first < GROUP_ROWS; first += STRIP_ROWS) {
      for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
        FloatVector scale = halves(strip + 2L * row, power);
        scale.intoArray(factors, first + row);
        halves(strip + 2L * (STRIP_ROWS + row), 1).sub(scale).intoArray(factors, BASES + first + row);
      }
      strip += stride;
    }
  }

  private static void readScalesOfScales(long at, long stride, float[] factors) {
    long strip = at;
    for (int first = 0; first < GROUP_ROWS; first += STRIP_ROWS) {
      for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
        FloatVector scale = FloatVector.fromArray(FLOAT, factors, BLOCK_SCALES + first + row).mul(bytes(strip + row));
        scale.intoArray(factors, first + row);
        scale.mul(MIDDLE).intoArray(factors, BASES + first + row);
      }
      strip += stride;
    }
  }

  private static void readScalesOfScalesAndMinima(long at, long stride, float[] factors) {
    long strip = at;
    for (int first = 0; first < GROUP_ROWS; first += STRIP_ROWS) {
      for (int row = 0; row < STRIP_ROWS; row += WIDTH) {
        FloatVector scale = FloatVector.fromArray(FLOAT, factors, BLOCK_SCALES + first + row).mul(bytes(strip + row));
        scale.intoArray(factors, first + row);
        FloatVector.fromArray(FLOAT, factors, BLOCK_MINIMA + first + row).mul(bytes(strip + STRIP_ROWS + row)).sub(scale)
            .intoArray(factors, BASES + first + row);
      }
      strip += stride;
    }
  }

  /** The halves of {@link Lanes#WIDTH} rows, times {@code factor}. */
  private static FloatVector halves(long at, float factor) {
    IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, MEMORY, at, LITTLE).convertShape(VectorOperators.S2I, INT, 0);
    return bits.lanewise(VectorOperators.LSHL, 13).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE * factor);
  }

  /** Bytes of {@link Lanes#WIDTH} rows as floats. */
  private static FloatVector bytes(long at) {
    return (FloatVector) ByteVector.fromMemorySegment(BYTE, MEMORY, at, LITTLE).convertShape(VectorOperators.B2F, FLOAT, 0);
  }
}
