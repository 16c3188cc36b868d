package dev.jebena.cpu;

import static dev.jebena.cpu.Factors.BASES;
import static dev.jebena.cpu.Factors.HALF_BITS;
import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.MEMORY;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.STRIP_ROWS;
import static dev.jebena.cpu.TileDecoder.MASK_4;
import static dev.jebena.cpu.TileDecoder.MASK_5;
import static dev.jebena.cpu.TileDecoder.MASK_6;
import static dev.jebena.cpu.TileDecoder.MASK_8;
import static dev.jebena.cpu.TileDecoder.ONE;
import static dev.jebena.cpu.TileDecoder.PAIR_OF_5;
import static dev.jebena.cpu.TileDecoder.PAIR_OF_6;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Multiplies one row of activations by a group of packed rows straight from the codes: what a decoding step of one sequence does. The arithmetic
 * is that of {@link TileDecoder} followed by {@link MicroKernels}, to the bit: each weight is one fused multiply-add, each sum one chain
 * over ascending columns. With half floats that holds for activations under 2^72 and sums over 2^-70, see {@link #f16}.
 *
 * <p>A vector of each of the group's four strips runs side by side, so that four streams are fetched ahead at once. A unit is multiplied in two
 * calls: one reads its {@link Factors} into an array, the other multiplies the codes and knows nothing of how factors are stored. Words of codes are rotated until each code
 * has been where the mantissa wants it. Bodies are written out and loops do not count: the JIT stops to inline helpers once a method
 * has grown to so many nodes ({@code NodeCountInliningCutoff}), and passes vectors on the heap then; counted loops it would unroll until
 * registers spill.
 */
final class VectorKernels {

  /** The root of {@link Factors#HALF_SCALE}. */
  private static final float HALF_SCALE_ROOT = 0x1p56f;

  private VectorKernels() {}

  /**
   * Adds the products of a group.
   *
   * @param x one row of activations from {@code xAt}
   * @param room its first 64 sums are continued
   */
  static void multiply(PackedWeight weight, int group, float[] x, int xAt, LinearStage.Room room) {
    PackedFormat format = weight.format();
    long at = weight.groupAddress(group);
    long stride = weight.stripStride();
    long end = at + format.stripBytes(weight.columns());
    if (format.factors() != PackedFormat.FactorLayout.NONE) {
      blocks(format, at, end, stride, x, xAt, room);
      return;
    }
    for (int lane = 0; lane < STRIP_ROWS; lane += WIDTH) {
      switch (format.type()) {
        case F32 -> f32(at + 4L * lane, end + 4L * lane, stride, x, xAt, room.sums, lane);
        case F16 -> f16(at + 4L * lane, stride, weight.columns(), x, xAt, room.sums, lane);
        case BF16 -> bf16(at + 4L * lane, stride, weight.columns(), x, xAt, room.sums, lane);
        default -> throw new IllegalArgumentException(format.type() + " has factors");
      }
    }
  }

  private static void blocks(PackedFormat format, long begin, long end, long stride, float[] x, int xAt, LinearStage.Room room) {
    int unitFactorBytes = format.unitFactorBytes();
    int unitBytes = format.unitBytes();
    int k = xAt;
    long at = begin;
    while (at != end) {
      Factors.readBlock(format, at, stride, room.factors);
      at += format.blockFactorBytes();
      long blockEnd = at + (long) format.units() * unitBytes;
      while (at != blockEnd) {
        Factors.readUnit(format, at, stride, room.factors);
        long codes = at + unitFactorBytes;
        at += unitBytes;
        for (int lane = 0; lane < STRIP_ROWS; lane += WIDTH) {
          switch (format.bits()) {
            case 4 -> four(codes + 4L * lane, at + 4L * lane, stride, x, k, room.factors, room.sums, lane);
            case 5 -> five(codes + 4L * lane, at + 4L * lane, stride, x, k, room.factors, room.sums, lane);
            case 6 -> six(codes + 4L * lane, at + 4L * lane, stride, x, k, room.factors, room.sums, lane);
            case 8 -> eight(codes + 4L * lane, at + 4L * lane, stride, x, k, room.factors, room.sums, lane);
            default -> throw new IllegalArgumentException(format.bits() + " bits");
          }
        }
        k += format.unitColumns();
      }
    }
  }

  private static void f32(long codes, long end, long stride, float[] x, int xAt, float[] sums, int lane) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + STRIP_ROWS);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * STRIP_ROWS);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * STRIP_ROWS);
    long at0 = codes;
    long at1 = at0 + stride;
    long at2 = at1 + stride;
    long at3 = at2 + stride;
    int k = xAt;
    while (at0 != end) {
      FloatVector xk = FloatVector.broadcast(FLOAT, x[k]);
      s0 = FloatVector.fromMemorySegment(FLOAT, MEMORY, at0, LITTLE).fma(xk, s0);
      s1 = FloatVector.fromMemorySegment(FLOAT, MEMORY, at1, LITTLE).fma(xk, s1);
      s2 = FloatVector.fromMemorySegment(FLOAT, MEMORY, at2, LITTLE).fma(xk, s2);
      s3 = FloatVector.fromMemorySegment(FLOAT, MEMORY, at3, LITTLE).fma(xk, s3);
      at0 += 4L * STRIP_ROWS;
      at1 += 4L * STRIP_ROWS;
      at2 += 4L * STRIP_ROWS;
      at3 += 4L * STRIP_ROWS;
      k++;
    }
    s0.intoArray(sums, lane);
    s1.intoArray(sums, lane + STRIP_ROWS);
    s2.intoArray(sums, lane + 2 * STRIP_ROWS);
    s3.intoArray(sums, lane + 3 * STRIP_ROWS);
  }

  /**
   * Pairs of 16 bits; the last pair may be half filled. A half's bits, moved into a float, are 2^112 too small: the activation makes up for half
   * of it and the sum for the rest, which spares a multiplication for each weight and changes no bit while activations are under 2^72 and sums over 2^-70 or zero.
   */
  private static void f16(long codes, long stride, int columns, float[] x, int xAt, float[] sums, int lane) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane).mul(1 / HALF_SCALE_ROOT);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + STRIP_ROWS).mul(1 / HALF_SCALE_ROOT);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * STRIP_ROWS).mul(1 / HALF_SCALE_ROOT);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * STRIP_ROWS).mul(1 / HALF_SCALE_ROOT);
    long at0 = codes;
    long at1 = at0 + stride;
    long at2 = at1 + stride;
    long at3 = at2 + stride;
    int k = xAt;
    int stop = xAt + columns / 2 * 2;
    while (k != stop) {
      IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at0, LITTLE);
      IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at1, LITTLE);
      IntVector z2 = IntVector.fromMemorySegment(INT, MEMORY, at2, LITTLE);
      IntVector z3 = IntVector.fromMemorySegment(INT, MEMORY, at3, LITTLE);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k] * HALF_SCALE_ROOT);
      s0 = z0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().fma(x0, s0);
      s1 = z1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().fma(x0, s1);
      s2 = z2.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().fma(x0, s2);
      s3 = z3.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().fma(x0, s3);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1] * HALF_SCALE_ROOT);
      s0 = z0.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().fma(x1, s0);
      s1 = z1.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().fma(x1, s1);
      s2 = z2.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().fma(x1, s2);
      s3 = z3.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().fma(x1, s3);
      at0 += 4L * STRIP_ROWS;
      at1 += 4L * STRIP_ROWS;
      at2 += 4L * STRIP_ROWS;
      at3 += 4L * STRIP_ROWS;
      k += 2;
    }
    if (columns % 2 != 0) {
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k] * HALF_SCALE_ROOT);
      s0 = IntVector.fromMemorySegment(INT, MEMORY, at0, LITTLE).lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3)
          .and(HALF_BITS).reinterpretAsFloats().fma(x0, s0);
      s1 = IntVector.fromMemorySegment(INT, MEMORY, at1, LITTLE).lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3)
          .and(HALF_BITS).reinterpretAsFloats().fma(x0, s1);
      s2 = IntVector.fromMemorySegment(INT, MEMORY, at2, LITTLE).lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3)
          .and(HALF_BITS).reinterpretAsFloats().fma(x0, s2);
      s3 = IntVector.fromMemorySegment(INT, MEMORY, at3, LITTLE).lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3)
          .and(HALF_BITS).reinterpretAsFloats().fma(x0, s3);
    }
    s0.mul(HALF_SCALE_ROOT).intoArray(sums, lane);
    s1.mul(HALF_SCALE_ROOT).intoArray(sums, lane + STRIP_ROWS);
    s2.mul(HALF_SCALE_ROOT).intoArray(sums, lane + 2 * STRIP_ROWS);
    s3.mul(HALF_SCALE_ROOT).intoArray(sums, lane + 3 * STRIP_ROWS);
  }

  /** Pairs of 16 bits; the last pair may be half filled. */
  private static void bf16(long codes, long stride, int columns, float[] x, int xAt, float[] sums, int lane) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + STRIP_ROWS);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * STRIP_ROWS);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * STRIP_ROWS);
    long at0 = codes;
    long at1 = at0 + stride;
    long at2 = at1 + stride;
    long at3 = at2 + stride;
    int k = xAt;
    int stop = xAt + columns / 2 * 2;
    while (k != stop) {
      IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at0, LITTLE);
      IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at1, LITTLE);
      IntVector z2 = IntVector.fromMemorySegment(INT, MEMORY, at2, LITTLE);
      IntVector z3 = IntVector.fromMemorySegment(INT, MEMORY, at3, LITTLE);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s0 = z0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s0);
      s1 = z1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s1);
      s2 = z2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s2);
      s3 = z3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s3);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
      s0 = z0.and(0xFFFF0000).reinterpretAsFloats().fma(x1, s0);
      s1 = z1.and(0xFFFF0000).reinterpretAsFloats().fma(x1, s1);
      s2 = z2.and(0xFFFF0000).reinterpretAsFloats().fma(x1, s2);
      s3 = z3.and(0xFFFF0000).reinterpretAsFloats().fma(x1, s3);
      at0 += 4L * STRIP_ROWS;
      at1 += 4L * STRIP_ROWS;
      at2 += 4L * STRIP_ROWS;
      at3 += 4L * STRIP_ROWS;
      k += 2;
    }
    if (columns % 2 != 0) {
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s0 = IntVector.fromMemorySegment(INT, MEMORY, at0, LITTLE).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s0);
      s1 = IntVector.fromMemorySegment(INT, MEMORY, at1, LITTLE).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s1);
      s2 = IntVector.fromMemorySegment(INT, MEMORY, at2, LITTLE).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s2);
      s3 = IntVector.fromMemorySegment(INT, MEMORY, at3, LITTLE).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s3);
    }
    s0.intoArray(sums, lane);
    s1.intoArray(sums, lane + STRIP_ROWS);
    s2.intoArray(sums, lane + 2 * STRIP_ROWS);
    s3.intoArray(sums, lane + 3 * STRIP_ROWS);
  }

  /** Words of eight nibbles. */
  private static void four(long codes, long end, long stride, float[] x, int xAt, float[] factors, float[] sums, int lane) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + STRIP_ROWS);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * STRIP_ROWS);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * STRIP_ROWS);
    FloatVector d0 = FloatVector.fromArray(FLOAT, factors, lane);
    FloatVector m0 = FloatVector.fromArray(FLOAT, factors, BASES + lane);
    FloatVector d1 = FloatVector.fromArray(FLOAT, factors, lane + STRIP_ROWS);
    FloatVector m1 = FloatVector.fromArray(FLOAT, factors, BASES + lane + STRIP_ROWS);
    FloatVector d2 = FloatVector.fromArray(FLOAT, factors, lane + 2 * STRIP_ROWS);
    FloatVector m2 = FloatVector.fromArray(FLOAT, factors, BASES + lane + 2 * STRIP_ROWS);
    FloatVector d3 = FloatVector.fromArray(FLOAT, factors, lane + 3 * STRIP_ROWS);
    FloatVector m3 = FloatVector.fromArray(FLOAT, factors, BASES + lane + 3 * STRIP_ROWS);
    long at0 = codes;
    long at1 = at0 + stride;
    long at2 = at1 + stride;
    long at3 = at2 + stride;
    int k = xAt;
    while (at0 != end) {
      IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at0, LITTLE).lanewise(VectorOperators.ROL, 19);
      IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at1, LITTLE).lanewise(VectorOperators.ROL, 19);
      IntVector z2 = IntVector.fromMemorySegment(INT, MEMORY, at2, LITTLE).lanewise(VectorOperators.ROL, 19);
      IntVector z3 = IntVector.fromMemorySegment(INT, MEMORY, at3, LITTLE).lanewise(VectorOperators.ROL, 19);
      int stop = k + 8;
      while (k != stop) {
        FloatVector xk = FloatVector.broadcast(FLOAT, x[k]);
        s0 = z0.and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(xk, s0);
        s1 = z1.and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(xk, s1);
        s2 = z2.and(MASK_4).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(xk, s2);
        s3 = z3.and(MASK_4).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(xk, s3);
        z0 = z0.lanewise(VectorOperators.ROR, 4);
        z1 = z1.lanewise(VectorOperators.ROR, 4);
        z2 = z2.lanewise(VectorOperators.ROR, 4);
        z3 = z3.lanewise(VectorOperators.ROR, 4);
        k++;
      }
      at0 += 4L * STRIP_ROWS;
      at1 += 4L * STRIP_ROWS;
      at2 += 4L * STRIP_ROWS;
      at3 += 4L * STRIP_ROWS;
    }
    s0.intoArray(sums, lane);
    s1.intoArray(sums, lane + STRIP_ROWS);
    s2.intoArray(sums, lane + 2 * STRIP_ROWS);
    s3.intoArray(sums, lane + 3 * STRIP_ROWS);
  }

  /** Words of four bytes. */
  private static void eight(long codes, long end, long stride, float[] x, int xAt, float[] factors, float[] sums, int lane) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + STRIP_ROWS);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * STRIP_ROWS);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * STRIP_ROWS);
    FloatVector d0 = FloatVector.fromArray(FLOAT, factors, lane);
    FloatVector m0 = FloatVector.fromArray(FLOAT, factors, BASES + lane);
    FloatVector d1 = FloatVector.fromArray(FLOAT, factors, lane + STRIP_ROWS);
    FloatVector m1 = FloatVector.fromArray(FLOAT, factors, BASES + lane + STRIP_ROWS);
    FloatVector d2 = FloatVector.fromArray(FLOAT, factors, lane + 2 * STRIP_ROWS);
    FloatVector m2 = FloatVector.fromArray(FLOAT, factors, BASES + lane + 2 * STRIP_ROWS);
    FloatVector d3 = FloatVector.fromArray(FLOAT, factors, lane + 3 * STRIP_ROWS);
    FloatVector m3 = FloatVector.fromArray(FLOAT, factors, BASES + lane + 3 * STRIP_ROWS);
    long at0 = codes;
    long at1 = at0 + stride;
    long at2 = at1 + stride;
    long at3 = at2 + stride;
    int k = xAt;
    while (at0 != end) {
      IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at0, LITTLE).lanewise(VectorOperators.ROL, 15);
      IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at1, LITTLE).lanewise(VectorOperators.ROL, 15);
      IntVector z2 = IntVector.fromMemorySegment(INT, MEMORY, at2, LITTLE).lanewise(VectorOperators.ROL, 15);
      IntVector z3 = IntVector.fromMemorySegment(INT, MEMORY, at3, LITTLE).lanewise(VectorOperators.ROL, 15);
      int stop = k + 4;
      while (k != stop) {
        FloatVector xk = FloatVector.broadcast(FLOAT, x[k]);
        s0 = z0.and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(xk, s0);
        s1 = z1.and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(xk, s1);
        s2 = z2.and(MASK_8).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(xk, s2);
        s3 = z3.and(MASK_8).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(xk, s3);
        z0 = z0.lanewise(VectorOperators.ROR, 8);
        z1 = z1.lanewise(VectorOperators.ROR, 8);
        z2 = z2.lanewise(VectorOperators.ROR, 8);
        z3 = z3.lanewise(VectorOperators.ROR, 8);
        k++;
      }
      at0 += 4L * STRIP_ROWS;
      at1 += 4L * STRIP_ROWS;
      at2 += 4L * STRIP_ROWS;
      at3 += 4L * STRIP_ROWS;
    }
    s0.intoArray(sums, lane);
    s1.intoArray(sums, lane + STRIP_ROWS);
    s2.intoArray(sums, lane + 2 * STRIP_ROWS);
    s3.intoArray(sums, lane + 3 * STRIP_ROWS);
  }

  /** Five words of six codes and two bits of the last two codes each. */
  private static void five(long codes, long end, long stride, float[] x, int xAt, float[] factors, float[] sums, int lane) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + STRIP_ROWS);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * STRIP_ROWS);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * STRIP_ROWS);
    FloatVector d0 = FloatVector.fromArray(FLOAT, factors, lane);
    FloatVector m0 = FloatVector.fromArray(FLOAT, factors, BASES + lane);
    FloatVector d1 = FloatVector.fromArray(FLOAT, factors, lane + STRIP_ROWS);
    FloatVector m1 = FloatVector.fromArray(FLOAT, factors, BASES + lane + STRIP_ROWS);
    FloatVector d2 = FloatVector.fromArray(FLOAT, factors, lane + 2 * STRIP_ROWS);
    FloatVector m2 = FloatVector.fromArray(FLOAT, factors, BASES + lane + 2 * STRIP_ROWS);
    FloatVector d3 = FloatVector.fromArray(FLOAT, factors, lane + 3 * STRIP_ROWS);
    FloatVector m3 = FloatVector.fromArray(FLOAT, factors, BASES + lane + 3 * STRIP_ROWS);
    long at0 = codes;
    long at1 = at0 + stride;
    long at2 = at1 + stride;
    long at3 = at2 + stride;
    IntVector last0 = IntVector.zero(INT);
    IntVector last1 = IntVector.zero(INT);
    IntVector last2 = IntVector.zero(INT);
    IntVector last3 = IntVector.zero(INT);
    int k = xAt;
    while (at0 != end) {
      IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at0, LITTLE).lanewise(VectorOperators.ROL, 18);
      IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at1, LITTLE).lanewise(VectorOperators.ROL, 18);
      IntVector z2 = IntVector.fromMemorySegment(INT, MEMORY, at2, LITTLE).lanewise(VectorOperators.ROL, 18);
      IntVector z3 = IntVector.fromMemorySegment(INT, MEMORY, at3, LITTLE).lanewise(VectorOperators.ROL, 18);
      int stop = k + 6;
      while (k != stop) {
        FloatVector xk = FloatVector.broadcast(FLOAT, x[k]);
        s0 = z0.and(MASK_5).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(xk, s0);
        s1 = z1.and(MASK_5).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(xk, s1);
        s2 = z2.and(MASK_5).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(xk, s2);
        s3 = z3.and(MASK_5).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(xk, s3);
        z0 = z0.lanewise(VectorOperators.ROR, 5);
        z1 = z1.lanewise(VectorOperators.ROR, 5);
        z2 = z2.lanewise(VectorOperators.ROR, 5);
        z3 = z3.lanewise(VectorOperators.ROR, 5);
        k++;
      }
      last0 = last0.lanewise(VectorOperators.ROL, 2).or(z0.and(PAIR_OF_5));
      last1 = last1.lanewise(VectorOperators.ROL, 2).or(z1.and(PAIR_OF_5));
      last2 = last2.lanewise(VectorOperators.ROL, 2).or(z2.and(PAIR_OF_5));
      last3 = last3.lanewise(VectorOperators.ROL, 2).or(z3.and(PAIR_OF_5));
      at0 += 4L * STRIP_ROWS;
      at1 += 4L * STRIP_ROWS;
      at2 += 4L * STRIP_ROWS;
      at3 += 4L * STRIP_ROWS;
    }
    FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
    s0 = last0.and(MASK_5).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x0, s0);
    s1 = last1.and(MASK_5).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x0, s1);
    s2 = last2.and(MASK_5).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x0, s2);
    s3 = last3.and(MASK_5).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x0, s3);
    FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
    last0.lanewise(VectorOperators.ROR, 5).and(MASK_5).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x1, s0).intoArray(sums, lane);
    last1.lanewise(VectorOperators.ROR, 5).and(MASK_5).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x1, s1).intoArray(sums, lane + STRIP_ROWS);
    last2.lanewise(VectorOperators.ROR, 5).and(MASK_5).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x1, s2).intoArray(sums, lane + 2 * STRIP_ROWS);
    last3.lanewise(VectorOperators.ROR, 5).and(MASK_5).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x1, s3).intoArray(sums, lane + 3 * STRIP_ROWS);
  }

  /** Three words of five codes and two bits of the last code each. */
  private static void six(long codes, long end, long stride, float[] x, int xAt, float[] factors, float[] sums, int lane) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, lane);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, lane + STRIP_ROWS);
    FloatVector s2 = FloatVector.fromArray(FLOAT, sums, lane + 2 * STRIP_ROWS);
    FloatVector s3 = FloatVector.fromArray(FLOAT, sums, lane + 3 * STRIP_ROWS);
    FloatVector d0 = FloatVector.fromArray(FLOAT, factors, lane);
    FloatVector m0 = FloatVector.fromArray(FLOAT, factors, BASES + lane);
    FloatVector d1 = FloatVector.fromArray(FLOAT, factors, lane + STRIP_ROWS);
    FloatVector m1 = FloatVector.fromArray(FLOAT, factors, BASES + lane + STRIP_ROWS);
    FloatVector d2 = FloatVector.fromArray(FLOAT, factors, lane + 2 * STRIP_ROWS);
    FloatVector m2 = FloatVector.fromArray(FLOAT, factors, BASES + lane + 2 * STRIP_ROWS);
    FloatVector d3 = FloatVector.fromArray(FLOAT, factors, lane + 3 * STRIP_ROWS);
    FloatVector m3 = FloatVector.fromArray(FLOAT, factors, BASES + lane + 3 * STRIP_ROWS);
    long at0 = codes;
    long at1 = at0 + stride;
    long at2 = at1 + stride;
    long at3 = at2 + stride;
    IntVector last0 = IntVector.zero(INT);
    IntVector last1 = IntVector.zero(INT);
    IntVector last2 = IntVector.zero(INT);
    IntVector last3 = IntVector.zero(INT);
    int k = xAt;
    while (at0 != end) {
      IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at0, LITTLE).lanewise(VectorOperators.ROL, 17);
      IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at1, LITTLE).lanewise(VectorOperators.ROL, 17);
      IntVector z2 = IntVector.fromMemorySegment(INT, MEMORY, at2, LITTLE).lanewise(VectorOperators.ROL, 17);
      IntVector z3 = IntVector.fromMemorySegment(INT, MEMORY, at3, LITTLE).lanewise(VectorOperators.ROL, 17);
      int stop = k + 5;
      while (k != stop) {
        FloatVector xk = FloatVector.broadcast(FLOAT, x[k]);
        s0 = z0.and(MASK_6).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(xk, s0);
        s1 = z1.and(MASK_6).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(xk, s1);
        s2 = z2.and(MASK_6).or(ONE).reinterpretAsFloats().fma(d2, m2).fma(xk, s2);
        s3 = z3.and(MASK_6).or(ONE).reinterpretAsFloats().fma(d3, m3).fma(xk, s3);
        z0 = z0.lanewise(VectorOperators.ROR, 6);
        z1 = z1.lanewise(VectorOperators.ROR, 6);
        z2 = z2.lanewise(VectorOperators.ROR, 6);
        z3 = z3.lanewise(VectorOperators.ROR, 6);
        k++;
      }
      last0 = last0.lanewise(VectorOperators.ROL, 2).or(z0.and(PAIR_OF_6));
      last1 = last1.lanewise(VectorOperators.ROL, 2).or(z1.and(PAIR_OF_6));
      last2 = last2.lanewise(VectorOperators.ROL, 2).or(z2.and(PAIR_OF_6));
      last3 = last3.lanewise(VectorOperators.ROL, 2).or(z3.and(PAIR_OF_6));
      at0 += 4L * STRIP_ROWS;
      at1 += 4L * STRIP_ROWS;
      at2 += 4L * STRIP_ROWS;
      at3 += 4L * STRIP_ROWS;
    }
    FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
    last0.or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x0, s0).intoArray(sums, lane);
    last1.or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x0, s1).intoArray(sums, lane + STRIP_ROWS);
    last2.or(ONE).reinterpretAsFloats().fma(d2, m2).fma(x0, s2).intoArray(sums, lane + 2 * STRIP_ROWS);
    last3.or(ONE).reinterpretAsFloats().fma(d3, m3).fma(x0, s3).intoArray(sums, lane + 3 * STRIP_ROWS);
  }
}
