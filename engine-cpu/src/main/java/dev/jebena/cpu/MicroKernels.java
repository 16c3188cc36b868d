package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import jdk.incubator.vector.FloatVector;

/**
 * Multiplies a decoded tile {@code [columns][64]} by one to six rows of activations, into sums {@code [rows][64]}.
 *
 * <p>Each sum is one chain of fused multiply-adds over ascending columns, continued from tile to tile: its bits depend on the weight and
 * the row alone, never on how many rows are multiplied at once. Four vectors by six rows are 24 sums in registers; the methods differ
 * only in the number of rows, and stand written out because the JIT keeps neither arrays nor loops of vectors in registers.
 *
 * <p>The loops end at {@code w != end} and do not count: the JIT unrolls counted loops until the sums no longer fit the registers.
 */
final class MicroKernels {

  /** Rows that are multiplied at once. */
  static final int MAX_ROWS = 6;

  private MicroKernels() {}

  /**
   * Adds the products of {@code rows} rows.
   *
   * @param tile {@code [columns][64]}
   * @param x activations; row r begins at {@code xAt + r * xStride}
   * @param sums {@code [rows][64]} from {@code sumsAt}
   */
  static void multiply(int rows, float[] tile, int columns, float[] x, int xAt, int xStride, float[] sums, int sumsAt) {
    for (int lane = 0; lane < GROUP_ROWS; lane += 4 * WIDTH) {
      int at = sumsAt + lane;
      switch (rows) {
        case 1 -> by1(tile, lane, columns, x, xAt, sums, at);
        case 2 -> by2(tile, lane, columns, x, xAt, xStride, sums, at);
        case 3 -> by3(tile, lane, columns, x, xAt, xStride, sums, at);
        case 4 -> by4(tile, lane, columns, x, xAt, xStride, sums, at);
        case 5 -> by5(tile, lane, columns, x, xAt, xStride, sums, at);
        case 6 -> by6(tile, lane, columns, x, xAt, xStride, sums, at);
        default -> throw new IllegalArgumentException(rows + " rows: 1 to " + MAX_ROWS + " are multiplied at once");
      }
    }
  }

  private static void by1(float[] tile, int lane, int columns, float[] x, int xAt, float[] sums, int at) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, at);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, at + WIDTH);
    FloatVector s02 = FloatVector.fromArray(FLOAT, sums, at + 2 * WIDTH);
    FloatVector s03 = FloatVector.fromArray(FLOAT, sums, at + 3 * WIDTH);
    int k = xAt;
    int w = lane;
    int end = lane + columns * GROUP_ROWS;
    while (w != end) {
      FloatVector w0 = FloatVector.fromArray(FLOAT, tile, w);
      FloatVector w1 = FloatVector.fromArray(FLOAT, tile, w + WIDTH);
      FloatVector w2 = FloatVector.fromArray(FLOAT, tile, w + 2 * WIDTH);
      FloatVector w3 = FloatVector.fromArray(FLOAT, tile, w + 3 * WIDTH);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      s02 = w2.fma(x0, s02);
      s03 = w3.fma(x0, s03);
      w += GROUP_ROWS;
      k++;
    }
    s00.intoArray(sums, at);
    s01.intoArray(sums, at + WIDTH);
    s02.intoArray(sums, at + 2 * WIDTH);
    s03.intoArray(sums, at + 3 * WIDTH);
  }

  private static void by2(float[] tile, int lane, int columns, float[] x, int xAt, int xStride, float[] sums, int at) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, at);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, at + WIDTH);
    FloatVector s02 = FloatVector.fromArray(FLOAT, sums, at + 2 * WIDTH);
    FloatVector s03 = FloatVector.fromArray(FLOAT, sums, at + 3 * WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + WIDTH);
    FloatVector s12 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s13 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    int k = xAt;
    int w = lane;
    int end = lane + columns * GROUP_ROWS;
    while (w != end) {
      FloatVector w0 = FloatVector.fromArray(FLOAT, tile, w);
      FloatVector w1 = FloatVector.fromArray(FLOAT, tile, w + WIDTH);
      FloatVector w2 = FloatVector.fromArray(FLOAT, tile, w + 2 * WIDTH);
      FloatVector w3 = FloatVector.fromArray(FLOAT, tile, w + 3 * WIDTH);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      s02 = w2.fma(x0, s02);
      s03 = w3.fma(x0, s03);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + xStride]);
      s10 = w0.fma(x1, s10);
      s11 = w1.fma(x1, s11);
      s12 = w2.fma(x1, s12);
      s13 = w3.fma(x1, s13);
      w += GROUP_ROWS;
      k++;
    }
    s00.intoArray(sums, at);
    s01.intoArray(sums, at + WIDTH);
    s02.intoArray(sums, at + 2 * WIDTH);
    s03.intoArray(sums, at + 3 * WIDTH);
    s10.intoArray(sums, at + 1 * GROUP_ROWS);
    s11.intoArray(sums, at + 1 * GROUP_ROWS + WIDTH);
    s12.intoArray(sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    s13.intoArray(sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
  }

  private static void by3(float[] tile, int lane, int columns, float[] x, int xAt, int xStride, float[] sums, int at) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, at);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, at + WIDTH);
    FloatVector s02 = FloatVector.fromArray(FLOAT, sums, at + 2 * WIDTH);
    FloatVector s03 = FloatVector.fromArray(FLOAT, sums, at + 3 * WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + WIDTH);
    FloatVector s12 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s13 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s20 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS);
    FloatVector s21 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + WIDTH);
    FloatVector s22 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s23 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + 3 * WIDTH);
    int k = xAt;
    int w = lane;
    int end = lane + columns * GROUP_ROWS;
    while (w != end) {
      FloatVector w0 = FloatVector.fromArray(FLOAT, tile, w);
      FloatVector w1 = FloatVector.fromArray(FLOAT, tile, w + WIDTH);
      FloatVector w2 = FloatVector.fromArray(FLOAT, tile, w + 2 * WIDTH);
      FloatVector w3 = FloatVector.fromArray(FLOAT, tile, w + 3 * WIDTH);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      s02 = w2.fma(x0, s02);
      s03 = w3.fma(x0, s03);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + xStride]);
      s10 = w0.fma(x1, s10);
      s11 = w1.fma(x1, s11);
      s12 = w2.fma(x1, s12);
      s13 = w3.fma(x1, s13);
      FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2 * xStride]);
      s20 = w0.fma(x2, s20);
      s21 = w1.fma(x2, s21);
      s22 = w2.fma(x2, s22);
      s23 = w3.fma(x2, s23);
      w += GROUP_ROWS;
      k++;
    }
    s00.intoArray(sums, at);
    s01.intoArray(sums, at + WIDTH);
    s02.intoArray(sums, at + 2 * WIDTH);
    s03.intoArray(sums, at + 3 * WIDTH);
    s10.intoArray(sums, at + 1 * GROUP_ROWS);
    s11.intoArray(sums, at + 1 * GROUP_ROWS + WIDTH);
    s12.intoArray(sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    s13.intoArray(sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    s20.intoArray(sums, at + 2 * GROUP_ROWS);
    s21.intoArray(sums, at + 2 * GROUP_ROWS + WIDTH);
    s22.intoArray(sums, at + 2 * GROUP_ROWS + 2 * WIDTH);
    s23.intoArray(sums, at + 2 * GROUP_ROWS + 3 * WIDTH);
  }

  private static void by4(float[] tile, int lane, int columns, float[] x, int xAt, int xStride, float[] sums, int at) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, at);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, at + WIDTH);
    FloatVector s02 = FloatVector.fromArray(FLOAT, sums, at + 2 * WIDTH);
    FloatVector s03 = FloatVector.fromArray(FLOAT, sums, at + 3 * WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + WIDTH);
    FloatVector s12 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s13 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s20 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS);
    FloatVector s21 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + WIDTH);
    FloatVector s22 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s23 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s30 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS);
    FloatVector s31 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + WIDTH);
    FloatVector s32 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s33 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + 3 * WIDTH);
    int k = xAt;
    int w = lane;
    int end = lane + columns * GROUP_ROWS;
    while (w != end) {
      FloatVector w0 = FloatVector.fromArray(FLOAT, tile, w);
      FloatVector w1 = FloatVector.fromArray(FLOAT, tile, w + WIDTH);
      FloatVector w2 = FloatVector.fromArray(FLOAT, tile, w + 2 * WIDTH);
      FloatVector w3 = FloatVector.fromArray(FLOAT, tile, w + 3 * WIDTH);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      s02 = w2.fma(x0, s02);
      s03 = w3.fma(x0, s03);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + xStride]);
      s10 = w0.fma(x1, s10);
      s11 = w1.fma(x1, s11);
      s12 = w2.fma(x1, s12);
      s13 = w3.fma(x1, s13);
      FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2 * xStride]);
      s20 = w0.fma(x2, s20);
      s21 = w1.fma(x2, s21);
      s22 = w2.fma(x2, s22);
      s23 = w3.fma(x2, s23);
      FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3 * xStride]);
      s30 = w0.fma(x3, s30);
      s31 = w1.fma(x3, s31);
      s32 = w2.fma(x3, s32);
      s33 = w3.fma(x3, s33);
      w += GROUP_ROWS;
      k++;
    }
    s00.intoArray(sums, at);
    s01.intoArray(sums, at + WIDTH);
    s02.intoArray(sums, at + 2 * WIDTH);
    s03.intoArray(sums, at + 3 * WIDTH);
    s10.intoArray(sums, at + 1 * GROUP_ROWS);
    s11.intoArray(sums, at + 1 * GROUP_ROWS + WIDTH);
    s12.intoArray(sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    s13.intoArray(sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    s20.intoArray(sums, at + 2 * GROUP_ROWS);
    s21.intoArray(sums, at + 2 * GROUP_ROWS + WIDTH);
    s22.intoArray(sums, at + 2 * GROUP_ROWS + 2 * WIDTH);
    s23.intoArray(sums, at + 2 * GROUP_ROWS + 3 * WIDTH);
    s30.intoArray(sums, at + 3 * GROUP_ROWS);
    s31.intoArray(sums, at + 3 * GROUP_ROWS + WIDTH);
    s32.intoArray(sums, at + 3 * GROUP_ROWS + 2 * WIDTH);
    s33.intoArray(sums, at + 3 * GROUP_ROWS + 3 * WIDTH);
  }

  private static void by5(float[] tile, int lane, int columns, float[] x, int xAt, int xStride, float[] sums, int at) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, at);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, at + WIDTH);
    FloatVector s02 = FloatVector.fromArray(FLOAT, sums, at + 2 * WIDTH);
    FloatVector s03 = FloatVector.fromArray(FLOAT, sums, at + 3 * WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + WIDTH);
    FloatVector s12 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s13 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s20 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS);
    FloatVector s21 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + WIDTH);
    FloatVector s22 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s23 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s30 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS);
    FloatVector s31 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + WIDTH);
    FloatVector s32 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s33 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s40 = FloatVector.fromArray(FLOAT, sums, at + 4 * GROUP_ROWS);
    FloatVector s41 = FloatVector.fromArray(FLOAT, sums, at + 4 * GROUP_ROWS + WIDTH);
    FloatVector s42 = FloatVector.fromArray(FLOAT, sums, at + 4 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s43 = FloatVector.fromArray(FLOAT, sums, at + 4 * GROUP_ROWS + 3 * WIDTH);
    int k = xAt;
    int w = lane;
    int end = lane + columns * GROUP_ROWS;
    while (w != end) {
      FloatVector w0 = FloatVector.fromArray(FLOAT, tile, w);
      FloatVector w1 = FloatVector.fromArray(FLOAT, tile, w + WIDTH);
      FloatVector w2 = FloatVector.fromArray(FLOAT, tile, w + 2 * WIDTH);
      FloatVector w3 = FloatVector.fromArray(FLOAT, tile, w + 3 * WIDTH);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      s02 = w2.fma(x0, s02);
      s03 = w3.fma(x0, s03);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + xStride]);
      s10 = w0.fma(x1, s10);
      s11 = w1.fma(x1, s11);
      s12 = w2.fma(x1, s12);
      s13 = w3.fma(x1, s13);
      FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2 * xStride]);
      s20 = w0.fma(x2, s20);
      s21 = w1.fma(x2, s21);
      s22 = w2.fma(x2, s22);
      s23 = w3.fma(x2, s23);
      FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3 * xStride]);
      s30 = w0.fma(x3, s30);
      s31 = w1.fma(x3, s31);
      s32 = w2.fma(x3, s32);
      s33 = w3.fma(x3, s33);
      FloatVector x4 = FloatVector.broadcast(FLOAT, x[k + 4 * xStride]);
      s40 = w0.fma(x4, s40);
      s41 = w1.fma(x4, s41);
      s42 = w2.fma(x4, s42);
      s43 = w3.fma(x4, s43);
      w += GROUP_ROWS;
      k++;
    }
    s00.intoArray(sums, at);
    s01.intoArray(sums, at + WIDTH);
    s02.intoArray(sums, at + 2 * WIDTH);
    s03.intoArray(sums, at + 3 * WIDTH);
    s10.intoArray(sums, at + 1 * GROUP_ROWS);
    s11.intoArray(sums, at + 1 * GROUP_ROWS + WIDTH);
    s12.intoArray(sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    s13.intoArray(sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    s20.intoArray(sums, at + 2 * GROUP_ROWS);
    s21.intoArray(sums, at + 2 * GROUP_ROWS + WIDTH);
    s22.intoArray(sums, at + 2 * GROUP_ROWS + 2 * WIDTH);
    s23.intoArray(sums, at + 2 * GROUP_ROWS + 3 * WIDTH);
    s30.intoArray(sums, at + 3 * GROUP_ROWS);
    s31.intoArray(sums, at + 3 * GROUP_ROWS + WIDTH);
    s32.intoArray(sums, at + 3 * GROUP_ROWS + 2 * WIDTH);
    s33.intoArray(sums, at + 3 * GROUP_ROWS + 3 * WIDTH);
    s40.intoArray(sums, at + 4 * GROUP_ROWS);
    s41.intoArray(sums, at + 4 * GROUP_ROWS + WIDTH);
    s42.intoArray(sums, at + 4 * GROUP_ROWS + 2 * WIDTH);
    s43.intoArray(sums, at + 4 * GROUP_ROWS + 3 * WIDTH);
  }

  private static void by6(float[] tile, int lane, int columns, float[] x, int xAt, int xStride, float[] sums, int at) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, at);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, at + WIDTH);
    FloatVector s02 = FloatVector.fromArray(FLOAT, sums, at + 2 * WIDTH);
    FloatVector s03 = FloatVector.fromArray(FLOAT, sums, at + 3 * WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + WIDTH);
    FloatVector s12 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s13 = FloatVector.fromArray(FLOAT, sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s20 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS);
    FloatVector s21 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + WIDTH);
    FloatVector s22 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s23 = FloatVector.fromArray(FLOAT, sums, at + 2 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s30 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS);
    FloatVector s31 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + WIDTH);
    FloatVector s32 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s33 = FloatVector.fromArray(FLOAT, sums, at + 3 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s40 = FloatVector.fromArray(FLOAT, sums, at + 4 * GROUP_ROWS);
    FloatVector s41 = FloatVector.fromArray(FLOAT, sums, at + 4 * GROUP_ROWS + WIDTH);
    FloatVector s42 = FloatVector.fromArray(FLOAT, sums, at + 4 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s43 = FloatVector.fromArray(FLOAT, sums, at + 4 * GROUP_ROWS + 3 * WIDTH);
    FloatVector s50 = FloatVector.fromArray(FLOAT, sums, at + 5 * GROUP_ROWS);
    FloatVector s51 = FloatVector.fromArray(FLOAT, sums, at + 5 * GROUP_ROWS + WIDTH);
    FloatVector s52 = FloatVector.fromArray(FLOAT, sums, at + 5 * GROUP_ROWS + 2 * WIDTH);
    FloatVector s53 = FloatVector.fromArray(FLOAT, sums, at + 5 * GROUP_ROWS + 3 * WIDTH);
    int k = xAt;
    int w = lane;
    int end = lane + columns * GROUP_ROWS;
    while (w != end) {
      FloatVector w0 = FloatVector.fromArray(FLOAT, tile, w);
      FloatVector w1 = FloatVector.fromArray(FLOAT, tile, w + WIDTH);
      FloatVector w2 = FloatVector.fromArray(FLOAT, tile, w + 2 * WIDTH);
      FloatVector w3 = FloatVector.fromArray(FLOAT, tile, w + 3 * WIDTH);
      FloatVector x0 = FloatVector.broadcast(FLOAT, x[k]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      s02 = w2.fma(x0, s02);
      s03 = w3.fma(x0, s03);
      FloatVector x1 = FloatVector.broadcast(FLOAT, x[k + xStride]);
      s10 = w0.fma(x1, s10);
      s11 = w1.fma(x1, s11);
      s12 = w2.fma(x1, s12);
      s13 = w3.fma(x1, s13);
      FloatVector x2 = FloatVector.broadcast(FLOAT, x[k + 2 * xStride]);
      s20 = w0.fma(x2, s20);
      s21 = w1.fma(x2, s21);
      s22 = w2.fma(x2, s22);
      s23 = w3.fma(x2, s23);
      FloatVector x3 = FloatVector.broadcast(FLOAT, x[k + 3 * xStride]);
      s30 = w0.fma(x3, s30);
      s31 = w1.fma(x3, s31);
      s32 = w2.fma(x3, s32);
      s33 = w3.fma(x3, s33);
      FloatVector x4 = FloatVector.broadcast(FLOAT, x[k + 4 * xStride]);
      s40 = w0.fma(x4, s40);
      s41 = w1.fma(x4, s41);
      s42 = w2.fma(x4, s42);
      s43 = w3.fma(x4, s43);
      FloatVector x5 = FloatVector.broadcast(FLOAT, x[k + 5 * xStride]);
      s50 = w0.fma(x5, s50);
      s51 = w1.fma(x5, s51);
      s52 = w2.fma(x5, s52);
      s53 = w3.fma(x5, s53);
      w += GROUP_ROWS;
      k++;
    }
    s00.intoArray(sums, at);
    s01.intoArray(sums, at + WIDTH);
    s02.intoArray(sums, at + 2 * WIDTH);
    s03.intoArray(sums, at + 3 * WIDTH);
    s10.intoArray(sums, at + 1 * GROUP_ROWS);
    s11.intoArray(sums, at + 1 * GROUP_ROWS + WIDTH);
    s12.intoArray(sums, at + 1 * GROUP_ROWS + 2 * WIDTH);
    s13.intoArray(sums, at + 1 * GROUP_ROWS + 3 * WIDTH);
    s20.intoArray(sums, at + 2 * GROUP_ROWS);
    s21.intoArray(sums, at + 2 * GROUP_ROWS + WIDTH);
    s22.intoArray(sums, at + 2 * GROUP_ROWS + 2 * WIDTH);
    s23.intoArray(sums, at + 2 * GROUP_ROWS + 3 * WIDTH);
    s30.intoArray(sums, at + 3 * GROUP_ROWS);
    s31.intoArray(sums, at + 3 * GROUP_ROWS + WIDTH);
    s32.intoArray(sums, at + 3 * GROUP_ROWS + 2 * WIDTH);
    s33.intoArray(sums, at + 3 * GROUP_ROWS + 3 * WIDTH);
    s40.intoArray(sums, at + 4 * GROUP_ROWS);
    s41.intoArray(sums, at + 4 * GROUP_ROWS + WIDTH);
    s42.intoArray(sums, at + 4 * GROUP_ROWS + 2 * WIDTH);
    s43.intoArray(sums, at + 4 * GROUP_ROWS + 3 * WIDTH);
    s50.intoArray(sums, at + 5 * GROUP_ROWS);
    s51.intoArray(sums, at + 5 * GROUP_ROWS + WIDTH);
    s52.intoArray(sums, at + 5 * GROUP_ROWS + 2 * WIDTH);
    s53.intoArray(sums, at + 5 * GROUP_ROWS + 3 * WIDTH);
  }
}
