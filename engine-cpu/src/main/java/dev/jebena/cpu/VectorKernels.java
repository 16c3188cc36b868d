package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.weight.BlockType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Multiplies one row of activations by a group of packed rows straight from the codes, for the types that decode most: what a decoding step
 * of one sequence does. The arithmetic is that of {@link TileDecoder} followed by {@link MicroKernels}, to the bit: each weight is one fused
 * multiply-add, each sum one chain over ascending columns.
 *
 * <p>Four vectors of rows run side by side, because a single chain would wait for itself. They are written out by hand: the JIT keeps vectors
 * in registers only where it sees them all in one method. The inner loops do not count: the JIT would unroll them until registers spill.
 */
final class VectorKernels {

  private static final int ONE = 0x3F800000;
  private static final int MASK_4 = 0x00780000;
  private static final int MASK_8 = 0x007F8000;

  private VectorKernels() {}

  /** Whether a type has a kernel here; the others are decoded into tiles. */
  static boolean has(BlockType type) {
    return switch (type) {
      case Q4_0, Q4_1, Q8_0 -> true;
      case F32, F16, BF16, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> false;
    };
  }

  /**
   * Adds the products of a whole group.
   *
   * @param address of the group's first block
   * @param x one row of activations from {@code xAt}
   * @param sums 64 sums, continued
   */
  static void multiply(PackedFormat format, long address, int blocks, float[] x, int xAt, float[] sums) {
    long bytes = (long) blocks * format.blockBytes();
    for (int lane = 0; lane < GROUP_ROWS; lane += 4 * WIDTH) {
      if (format.type() == BlockType.Q8_0) {
        eightBits(address, bytes, lane, blocks, x, xAt, sums);
      } else {
        fourBits(address, bytes, lane, blocks, format.type() == BlockType.Q4_1, x, xAt, sums);
      }
    }
  }

  /** Blocks of 32 columns in 4-bit codes, {@code words} after the factors; {@code minimum} tells whether there is one. */
  private static void fourBits(
      long address, long bytes, int firstLane, int blocks, boolean minimum, float[] x, int xAt, float[] sums) {
    // made here, so that the JIT knows all about it
    MemorySegment in = MemorySegment.ofAddress(address).reinterpret(bytes);
    // a constant where one pass takes the whole group
    int lane = 4 * WIDTH == GROUP_ROWS ? 0 : firstLane;
    int factors = (minimum ? 4 : 2) * GROUP_ROWS;
    // without a branch, at which the JIT would merge vectors on the heap: where there is no minimum, 0 times the scale stands for it
    int minima = minimum ? 2 * GROUP_ROWS : 0;
    float weight = minimum ? 1 : 0;
    float shift = minimum ? 1 : 1.5f;
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + 1 * WIDTH);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * WIDTH);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * WIDTH);
    long at = 0;
    int k = xAt;
    for (int block = 0; block < blocks; block++) {
      FloatVector d0 = TileDecoder.halves(in, at + 2L * lane, 16);
      FloatVector d1 = TileDecoder.halves(in, at + 2L * (lane + 1 * WIDTH), 16);
      FloatVector d2 = TileDecoder.halves(in, at + 2L * (lane + 2 * WIDTH), 16);
      FloatVector d3 = TileDecoder.halves(in, at + 2L * (lane + 3 * WIDTH), 16);
      FloatVector m0 = TileDecoder.halves(in, at + minima + 2L * lane, weight).sub(d0.mul(shift));
      FloatVector m1 = TileDecoder.halves(in, at + minima + 2L * (lane + 1 * WIDTH), weight).sub(d1.mul(shift));
      FloatVector m2 = TileDecoder.halves(in, at + minima + 2L * (lane + 2 * WIDTH), weight).sub(d2.mul(shift));
      FloatVector m3 = TileDecoder.halves(in, at + minima + 2L * (lane + 3 * WIDTH), weight).sub(d3.mul(shift));
      at += factors;
      long end = at + 16L * GROUP_ROWS;
      while (at != end) {
        IntVector z0 = IntVector.fromMemorySegment(INT, in, at + 4L * lane, LITTLE);
        IntVector z1 = IntVector.fromMemorySegment(INT, in, at + 4L * (lane + 1 * WIDTH), LITTLE);
        IntVector z2 = IntVector.fromMemorySegment(INT, in, at + 4L * (lane + 2 * WIDTH), LITTLE);
        IntVector z3 = IntVector.fromMemorySegment(INT, in, at + 4L * (lane + 3 * WIDTH), LITTLE);
        at += 4L * GROUP_ROWS;
        int stop = k + 8;
        while (k != stop) {
          FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
          s0 = z0.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x0, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x0, s1);
          s2 = z2.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x0, s2);
          s3 = z3.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x0, s3);
          FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
          s0 = z0.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x1, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x1, s1);
          s2 = z2.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x1, s2);
          s3 = z3.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x1, s3);
          FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2]);
          s0 = z0.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x2, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x2, s1);
          s2 = z2.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x2, s2);
          s3 = z3.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x2, s3);
          FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3]);
          s0 = z0.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x3, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x3, s1);
          s2 = z2.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x3, s2);
          s3 = z3.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x3, s3);
          z0 = z0.lanewise(VectorOperators.LSHR, 16);
          z1 = z1.lanewise(VectorOperators.LSHR, 16);
          z2 = z2.lanewise(VectorOperators.LSHR, 16);
          z3 = z3.lanewise(VectorOperators.LSHR, 16);
          k += 4;
        }
      }
    }
    s0.intoArray(sums, lane);
    s1.intoArray(sums, lane + 1 * WIDTH);
    s2.intoArray(sums, lane + 2 * WIDTH);
    s3.intoArray(sums, lane + 3 * WIDTH);
  }

  /** Blocks of 32 columns in 8-bit codes. */
  private static void eightBits(long address, long bytes, int firstLane, int blocks, float[] x, int xAt, float[] sums) {
    MemorySegment in = MemorySegment.ofAddress(address).reinterpret(bytes);
    // a constant where one pass takes the whole group
    int lane = 4 * WIDTH == GROUP_ROWS ? 0 : firstLane;
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + 1 * WIDTH);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * WIDTH);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * WIDTH);
    long at = 0;
    int k = xAt;
    for (int block = 0; block < blocks; block++) {
      FloatVector d0 = TileDecoder.halves(in, at + 2L * lane, 256);
      FloatVector d1 = TileDecoder.halves(in, at + 2L * (lane + 1 * WIDTH), 256);
      FloatVector d2 = TileDecoder.halves(in, at + 2L * (lane + 2 * WIDTH), 256);
      FloatVector d3 = TileDecoder.halves(in, at + 2L * (lane + 3 * WIDTH), 256);
      FloatVector m0 = d0.mul(-1.5f);
      FloatVector m1 = d1.mul(-1.5f);
      FloatVector m2 = d2.mul(-1.5f);
      FloatVector m3 = d3.mul(-1.5f);
      at += 2L * GROUP_ROWS;
      for (int word = 0; word < 8; word++) {
        IntVector z0 = IntVector.fromMemorySegment(INT, in, at + 4L * lane, LITTLE);
        IntVector z1 = IntVector.fromMemorySegment(INT, in, at + 4L * (lane + 1 * WIDTH), LITTLE);
        IntVector z2 = IntVector.fromMemorySegment(INT, in, at + 4L * (lane + 2 * WIDTH), LITTLE);
        IntVector z3 = IntVector.fromMemorySegment(INT, in, at + 4L * (lane + 3 * WIDTH), LITTLE);
        FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
        s0 = z0.lanewise(VectorOperators.LSHL, 15).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x0, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 15).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x0, s1);
        s2 = z2.lanewise(VectorOperators.LSHL, 15).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x0, s2);
        s3 = z3.lanewise(VectorOperators.LSHL, 15).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x0, s3);
        FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
        s0 = z0.lanewise(VectorOperators.LSHL, 7).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x1, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 7).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x1, s1);
        s2 = z2.lanewise(VectorOperators.LSHL, 7).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x1, s2);
        s3 = z3.lanewise(VectorOperators.LSHL, 7).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x1, s3);
        FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2]);
        s0 = z0.lanewise(VectorOperators.LSHR, 1).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x2, s0);
        s1 = z1.lanewise(VectorOperators.LSHR, 1).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x2, s1);
        s2 = z2.lanewise(VectorOperators.LSHR, 1).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x2, s2);
        s3 = z3.lanewise(VectorOperators.LSHR, 1).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x2, s3);
        FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3]);
        s0 = z0.lanewise(VectorOperators.LSHR, 9).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x3, s0);
        s1 = z1.lanewise(VectorOperators.LSHR, 9).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x3, s1);
        s2 = z2.lanewise(VectorOperators.LSHR, 9).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x3, s2);
        s3 = z3.lanewise(VectorOperators.LSHR, 9).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x3, s3);
        k += 4;
        at += 4L * GROUP_ROWS;
      }
    }
    s0.intoArray(sums, lane);
    s1.intoArray(sums, lane + 1 * WIDTH);
    s2.intoArray(sums, lane + 2 * WIDTH);
    s3.intoArray(sums, lane + 3 * WIDTH);
  }
}
