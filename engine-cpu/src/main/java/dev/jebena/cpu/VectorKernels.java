package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.INT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.MEMORY;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.STRIP_ROWS;
import static dev.jebena.cpu.TileDecoder.HALF_BITS;
import static dev.jebena.cpu.TileDecoder.HALF_SCALE;
import static dev.jebena.cpu.TileDecoder.LOW_4_OF_5;
import static dev.jebena.cpu.TileDecoder.LOW_4_OF_6;
import static dev.jebena.cpu.TileDecoder.MASK_4;
import static dev.jebena.cpu.TileDecoder.MASK_8;
import static dev.jebena.cpu.TileDecoder.ONE;
import static dev.jebena.cpu.TileDecoder.TOP_BIT;
import static dev.jebena.cpu.TileDecoder.TOP_PAIR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Multiplies one row of activations by packed rows straight from the codes: what a decoding step of one sequence does. The arithmetic is that
 * of {@link TileDecoder} followed by {@link MicroKernels}, to the bit: each weight is one fused multiply-add, each sum one chain over
 * ascending columns.
 *
 * <p>Two vectors of rows run side by side: a single chain would wait for itself, and with four of them the JIT loses vectors to the heap.
 * Bodies are written out, because the JIT stops to inline helpers once a method has grown to so many nodes ({@code NodeCountInliningCutoff}),
 * which a few vector operations reach, and then passes vectors on the heap. Loops do not count, or it would unroll them until registers spill.
 */
final class VectorKernels {

  private VectorKernels() {}

  /**
   * Adds the products of a strip.
   *
   * @param strip address of its first block
   * @param x one row of activations from {@code xAt}
   * @param sums of the strip's {@value PackedFormat#STRIP_ROWS} rows, continued from {@code sumsAt}
   */
  static void multiply(PackedFormat format, long strip, int columns, float[] x, int xAt, float[] sums, int sumsAt) {
    long stripEnd = strip + format.stripBytes(columns);
    for (int lane = 0; lane < STRIP_ROWS; lane += 2 * WIDTH) {
      int to = sumsAt + lane;
      switch (format.type()) {
        case F32 -> f32(strip, stripEnd, lane, x, xAt, sums, to);
        case F16 -> f16(strip, stripEnd, lane, columns, x, xAt, sums, to);
        case BF16 -> bf16(strip, stripEnd, lane, columns, x, xAt, sums, to);
        case Q4_0 -> four(strip, stripEnd, lane, 0, 0, 1.5f, x, xAt, sums, to);
        case Q4_1 -> four(strip, stripEnd, lane, 2 * STRIP_ROWS, 1, 1, x, xAt, sums, to);
        case Q5_0 -> five(strip, stripEnd, lane, 0, 0, 1.5f, x, xAt, sums, to);
        case Q5_1 -> five(strip, stripEnd, lane, 2 * STRIP_ROWS, 1, 1, x, xAt, sums, to);
        case Q8_0 -> eight(strip, stripEnd, lane, x, xAt, sums, to);
        case Q4_K -> fourK(strip, stripEnd, lane, x, xAt, sums, to);
        case Q5_K -> fiveK(strip, stripEnd, lane, x, xAt, sums, to);
        case Q6_K -> sixK(strip, stripEnd, lane, x, xAt, sums, to);
      }
    }
  }

  private static void f32(long strip, long stripEnd, int lane, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int k = xAt;
    long at = strip;
    while (at != stripEnd) {
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s0 = FloatVector.fromMemorySegment(FLOAT, MEMORY, at + 4L * lane, LITTLE).fma(x0, s0);
      s1 = FloatVector.fromMemorySegment(FLOAT, MEMORY, at + 4L * (lane + WIDTH), LITTLE).fma(x0, s1);
      at += 4L * STRIP_ROWS;
      k++;
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }

  /** Pairs of 16 bits; the last pair may be half filled. */
  private static void f16(long strip, long stripEnd, int lane, int columns, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int next = lane + WIDTH;
    int k = xAt;
    long at = strip;
    long whole = strip + columns / 2 * 4L * STRIP_ROWS;
    while (at != whole) {
      IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
      IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s0 = z0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE).fma(x0, s0);
      s1 = z1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE).fma(x0, s1);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
      s0 = z0.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE).fma(x1, s0);
      s1 = z1.lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE).fma(x1, s1);
      at += 4L * STRIP_ROWS;
      k += 2;
    }
    if (at != stripEnd) {
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE).lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE).fma(x0, s0);
      s1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE).lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_SCALE).fma(x0, s1);
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }

  /** Pairs of 16 bits; the last pair may be half filled. */
  private static void bf16(long strip, long stripEnd, int lane, int columns, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int next = lane + WIDTH;
    int k = xAt;
    long at = strip;
    long whole = strip + columns / 2 * 4L * STRIP_ROWS;
    while (at != whole) {
      IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
      IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s0 = z0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s0);
      s1 = z1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s1);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
      s0 = z0.and(0xFFFF0000).reinterpretAsFloats().fma(x1, s0);
      s1 = z1.and(0xFFFF0000).reinterpretAsFloats().fma(x1, s1);
      at += 4L * STRIP_ROWS;
      k += 2;
    }
    if (at != stripEnd) {
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s0);
      s1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, s1);
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }

  /** Blocks of 32 nibbles; for the parameters see the decoder. */
  private static void four(
      long strip, long stripEnd, int lane, int minima, float weight, float shift, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int next = lane + WIDTH;
    int k = xAt;
    long at = strip;
    while (at != stripEnd) {
      FloatVector d0 = TileDecoder.halves(MEMORY, at + 2L * lane, 16);
      FloatVector d1 = TileDecoder.halves(MEMORY, at + 2L * next, 16);
      FloatVector m0 = TileDecoder.halves(MEMORY, at + minima + 2L * lane, weight).sub(d0.mul(shift));
      FloatVector m1 = TileDecoder.halves(MEMORY, at + minima + 2L * next, weight).sub(d1.mul(shift));
      at += minima + 2L * STRIP_ROWS;
      long end = at + 16L * STRIP_ROWS;
      while (at != end) {
        IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
        IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
        FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
        s0 = z0.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x0, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x0, s1);
        FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
        s0 = z0.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x1, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x1, s1);
        FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2]);
        s0 = z0.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x2, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x2, s1);
        FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3]);
        s0 = z0.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x3, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x3, s1);
        FloatVector x4 = FloatVector.broadcast(FLOAT, x[k + 4]);
        s0 = z0.lanewise(VectorOperators.LSHL, 3).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x4, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 3).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x4, s1);
        FloatVector x5 = FloatVector.broadcast(FLOAT, x[k + 5]);
        s0 = z0.lanewise(VectorOperators.LSHR, 1).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x5, s0);
        s1 = z1.lanewise(VectorOperators.LSHR, 1).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x5, s1);
        FloatVector x6 = FloatVector.broadcast(FLOAT, x[k + 6]);
        s0 = z0.lanewise(VectorOperators.LSHR, 5).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x6, s0);
        s1 = z1.lanewise(VectorOperators.LSHR, 5).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x6, s1);
        FloatVector x7 = FloatVector.broadcast(FLOAT, x[k + 7]);
        s0 = z0.lanewise(VectorOperators.LSHR, 9).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x7, s0);
        s1 = z1.lanewise(VectorOperators.LSHR, 9).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x7, s1);
        at += 4L * STRIP_ROWS;
        k += 8;
      }
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }

  private static void eight(long strip, long stripEnd, int lane, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int next = lane + WIDTH;
    int k = xAt;
    long at = strip;
    while (at != stripEnd) {
      FloatVector d0 = TileDecoder.halves(MEMORY, at + 2L * lane, 256);
      FloatVector d1 = TileDecoder.halves(MEMORY, at + 2L * next, 256);
      FloatVector m0 = d0.mul(-1.5f);
      FloatVector m1 = d1.mul(-1.5f);
      at += 2L * STRIP_ROWS;
      long end = at + 32L * STRIP_ROWS;
      while (at != end) {
        IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
        IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
        FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
        s0 = z0.lanewise(VectorOperators.LSHL, 15).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x0, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 15).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x0, s1);
        FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
        s0 = z0.lanewise(VectorOperators.LSHL, 7).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x1, s0);
        s1 = z1.lanewise(VectorOperators.LSHL, 7).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x1, s1);
        FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2]);
        s0 = z0.lanewise(VectorOperators.LSHR, 1).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x2, s0);
        s1 = z1.lanewise(VectorOperators.LSHR, 1).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x2, s1);
        FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3]);
        s0 = z0.lanewise(VectorOperators.LSHR, 9).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x3, s0);
        s1 = z1.lanewise(VectorOperators.LSHR, 9).and(MASK_8).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x3, s1);
        at += 4L * STRIP_ROWS;
        k += 4;
      }
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }

  private static void five(
      long strip, long stripEnd, int lane, int minima, float weight, float shift, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int next = lane + WIDTH;
    int k = xAt;
    long at = strip;
    while (at != stripEnd) {
      FloatVector d0 = TileDecoder.halves(MEMORY, at + 2L * lane, 32);
      FloatVector d1 = TileDecoder.halves(MEMORY, at + 2L * next, 32);
      FloatVector m0 = TileDecoder.halves(MEMORY, at + minima + 2L * lane, weight).sub(d0.mul(shift));
      FloatVector m1 = TileDecoder.halves(MEMORY, at + minima + 2L * next, weight).sub(d1.mul(shift));
      at += minima + 2L * STRIP_ROWS;
      IntVector high0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
      IntVector high1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
      at += 4L * STRIP_ROWS;
      long end = at + 16L * STRIP_ROWS;
      while (at != end) {
        IntVector low0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
        IntVector low1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
        int stop = k + 8;
        while (k != stop) {
          FloatVector xk = FloatVector.broadcast(FLOAT, x[k]);
          s0 = low0.lanewise(VectorOperators.LSHL, 18).and(LOW_4_OF_5)
                    .or(high0.lanewise(VectorOperators.LSHL, 22).and(TOP_BIT)).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(xk, s0);
          s1 = low1.lanewise(VectorOperators.LSHL, 18).and(LOW_4_OF_5)
                    .or(high1.lanewise(VectorOperators.LSHL, 22).and(TOP_BIT)).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(xk, s1);
          low0 = low0.lanewise(VectorOperators.LSHR, 4);
          low1 = low1.lanewise(VectorOperators.LSHR, 4);
          high0 = high0.lanewise(VectorOperators.LSHR, 1);
          high1 = high1.lanewise(VectorOperators.LSHR, 1);
          k++;
        }
        at += 4L * STRIP_ROWS;
      }
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }

  private static void fourK(long strip, long stripEnd, int lane, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int next = lane + WIDTH;
    int k = xAt;
    long at = strip;
    while (at != stripEnd) {
      FloatVector scales0 = TileDecoder.halves(MEMORY, at + 2L * lane, 16);
      FloatVector scales1 = TileDecoder.halves(MEMORY, at + 2L * next, 16);
      FloatVector minima0 = TileDecoder.halves(MEMORY, at + 2L * (STRIP_ROWS + lane), -1);
      FloatVector minima1 = TileDecoder.halves(MEMORY, at + 2L * (STRIP_ROWS + next), -1);
      at += 4L * STRIP_ROWS;
      long last = at + 8 * TileDecoder.FOUR_K_SUB;
      while (at != last) {
        FloatVector d0 = scales0.mul(TileDecoder.bytes(MEMORY, at + lane));
        FloatVector d1 = scales1.mul(TileDecoder.bytes(MEMORY, at + next));
        FloatVector m0 = minima0.mul(TileDecoder.bytes(MEMORY, at + STRIP_ROWS + lane)).sub(d0);
        FloatVector m1 = minima1.mul(TileDecoder.bytes(MEMORY, at + STRIP_ROWS + next)).sub(d1);
        at += 2L * STRIP_ROWS;
        long end = at + 16L * STRIP_ROWS;
        while (at != end) {
          IntVector z0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
          IntVector z1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
          FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
          s0 = z0.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x0, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 19).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x0, s1);
          FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + 1]);
          s0 = z0.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x1, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 15).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x1, s1);
          FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2]);
          s0 = z0.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x2, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 11).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x2, s1);
          FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3]);
          s0 = z0.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x3, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 7).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x3, s1);
          FloatVector x4 = FloatVector.broadcast(FLOAT, x[k + 4]);
          s0 = z0.lanewise(VectorOperators.LSHL, 3).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x4, s0);
          s1 = z1.lanewise(VectorOperators.LSHL, 3).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x4, s1);
          FloatVector x5 = FloatVector.broadcast(FLOAT, x[k + 5]);
          s0 = z0.lanewise(VectorOperators.LSHR, 1).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x5, s0);
          s1 = z1.lanewise(VectorOperators.LSHR, 1).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x5, s1);
          FloatVector x6 = FloatVector.broadcast(FLOAT, x[k + 6]);
          s0 = z0.lanewise(VectorOperators.LSHR, 5).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x6, s0);
          s1 = z1.lanewise(VectorOperators.LSHR, 5).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x6, s1);
          FloatVector x7 = FloatVector.broadcast(FLOAT, x[k + 7]);
          s0 = z0.lanewise(VectorOperators.LSHR, 9).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(x7, s0);
          s1 = z1.lanewise(VectorOperators.LSHR, 9).and(MASK_4).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(x7, s1);
          at += 4L * STRIP_ROWS;
          k += 8;
        }
      }
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }

  private static void fiveK(long strip, long stripEnd, int lane, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int next = lane + WIDTH;
    int k = xAt;
    long at = strip;
    while (at != stripEnd) {
      FloatVector scales0 = TileDecoder.halves(MEMORY, at + 2L * lane, 32);
      FloatVector scales1 = TileDecoder.halves(MEMORY, at + 2L * next, 32);
      FloatVector minima0 = TileDecoder.halves(MEMORY, at + 2L * (STRIP_ROWS + lane), -1);
      FloatVector minima1 = TileDecoder.halves(MEMORY, at + 2L * (STRIP_ROWS + next), -1);
      at += 4L * STRIP_ROWS;
      long last = at + 8 * TileDecoder.FIVE_K_SUB;
      while (at != last) {
        FloatVector d0 = scales0.mul(TileDecoder.bytes(MEMORY, at + lane));
        FloatVector d1 = scales1.mul(TileDecoder.bytes(MEMORY, at + next));
        FloatVector m0 = minima0.mul(TileDecoder.bytes(MEMORY, at + STRIP_ROWS + lane)).sub(d0);
        FloatVector m1 = minima1.mul(TileDecoder.bytes(MEMORY, at + STRIP_ROWS + next)).sub(d1);
        at += 2L * STRIP_ROWS;
        IntVector high0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
        IntVector high1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
        at += 4L * STRIP_ROWS;
        long end = at + 16L * STRIP_ROWS;
        while (at != end) {
          IntVector low0 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * lane, LITTLE);
          IntVector low1 = IntVector.fromMemorySegment(INT, MEMORY, at + 4L * next, LITTLE);
          int stop = k + 8;
          while (k != stop) {
            FloatVector xk = FloatVector.broadcast(FLOAT, x[k]);
            s0 = low0.lanewise(VectorOperators.LSHL, 18).and(LOW_4_OF_5)
                      .or(high0.lanewise(VectorOperators.LSHL, 22).and(TOP_BIT)).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(xk, s0);
            s1 = low1.lanewise(VectorOperators.LSHL, 18).and(LOW_4_OF_5)
                      .or(high1.lanewise(VectorOperators.LSHL, 22).and(TOP_BIT)).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(xk, s1);
            low0 = low0.lanewise(VectorOperators.LSHR, 4);
            low1 = low1.lanewise(VectorOperators.LSHR, 4);
            high0 = high0.lanewise(VectorOperators.LSHR, 1);
            high1 = high1.lanewise(VectorOperators.LSHR, 1);
            k++;
          }
          at += 4L * STRIP_ROWS;
        }
      }
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }

  private static void sixK(long strip, long stripEnd, int lane, float[] x, int xAt, float[] sums, int to) {
    FloatVector s0 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s1 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    int next = lane + WIDTH;
    int k = xAt;
    long at = strip;
    while (at != stripEnd) {
      FloatVector factor0 = TileDecoder.halves(MEMORY, at + 2L * lane, 64);
      FloatVector factor1 = TileDecoder.halves(MEMORY, at + 2L * next, 64);
      at += 2L * STRIP_ROWS;
      long last = at + 8 * TileDecoder.SIX_K_SUB;
      while (at != last) {
        // two halves of 16 columns: a row of scales, a word of high pairs, two words of nibbles each
        long scales = at;
        long highs = at + 2L * STRIP_ROWS;
        long codes = at + 10L * STRIP_ROWS;
        at += TileDecoder.SIX_K_SUB;
        while (codes != at) {
          FloatVector d0 = factor0.mul(TileDecoder.bytes(MEMORY, scales + lane));
          FloatVector d1 = factor1.mul(TileDecoder.bytes(MEMORY, scales + next));
          FloatVector m0 = d0.mul(-1.5f);
          FloatVector m1 = d1.mul(-1.5f);
          IntVector high0 = IntVector.fromMemorySegment(INT, MEMORY, highs + 4L * lane, LITTLE);
          IntVector high1 = IntVector.fromMemorySegment(INT, MEMORY, highs + 4L * next, LITTLE);
          scales += STRIP_ROWS;
          highs += 4L * STRIP_ROWS;
          long end = codes + 8L * STRIP_ROWS;
          while (codes != end) {
            IntVector low0 = IntVector.fromMemorySegment(INT, MEMORY, codes + 4L * lane, LITTLE);
            IntVector low1 = IntVector.fromMemorySegment(INT, MEMORY, codes + 4L * next, LITTLE);
            int stop = k + 8;
            while (k != stop) {
              FloatVector xk = FloatVector.broadcast(FLOAT, x[k]);
              s0 = low0.lanewise(VectorOperators.LSHL, 17).and(LOW_4_OF_6)
                  .or(high0.lanewise(VectorOperators.LSHL, 21).and(TOP_PAIR)).or(ONE).reinterpretAsFloats().fma(d0, m0).fma(xk, s0);
              s1 = low1.lanewise(VectorOperators.LSHL, 17).and(LOW_4_OF_6)
                  .or(high1.lanewise(VectorOperators.LSHL, 21).and(TOP_PAIR)).or(ONE).reinterpretAsFloats().fma(d1, m1).fma(xk, s1);
              low0 = low0.lanewise(VectorOperators.LSHR, 4);
              low1 = low1.lanewise(VectorOperators.LSHR, 4);
              high0 = high0.lanewise(VectorOperators.LSHR, 2);
              high1 = high1.lanewise(VectorOperators.LSHR, 2);
              k++;
            }
            codes += 4L * STRIP_ROWS;
          }
        }
      }
    }
    s0.intoArray(sums, to);
    s1.intoArray(sums, to + WIDTH);
  }
}
