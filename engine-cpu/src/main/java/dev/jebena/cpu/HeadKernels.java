package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.LITTLE;
import static dev.jebena.cpu.Lanes.MEMORY;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import jdk.incubator.vector.FloatVector;

/**
 * Scores and sums of four query heads of one row, straight from a block of the cache: each key and value is loaded and converted once for
 * the four. The sums are the chains of {@link MicroKernels} over the tiles of {@link KvTiles}, and have the same bits.
 *
 * <p>Without a tile between them, the loads of the next keys begin while this one's products are still to be added, and the memory is never
 * idle; that is worth more than the products of heads that a group of four lacks. The methods of a kind differ in how they load a vector,
 * and stand written out because the JIT inlines a call that has four targets nowhere. Eight sums at once hide the latency of an addition;
 * with sixteen the loads of halves are no longer inlined, and every vector becomes an object.
 */
final class HeadKernels {

  /** Query heads that are computed at once; rooms hold multiples of it. */
  static final int HEADS = 4;

  private HeadKernels() {}

  /** The number of rows that {@code heads} query heads take. */
  static int padded(int heads) {
    return (heads + HEADS - 1) / HEADS * HEADS;
  }

  /**
   * Writes the scores of two times {@link Lanes#WIDTH} neighbouring tokens.
   *
   * @param a column 0 of the keys of the first tokens; the next column is {@code step} bytes further
   * @param b the same of the tokens that follow, or {@code a} if there are none
   * @param q {@code [4][keyDim]} from {@code qAt}
   * @param scores {@code [4][64]}; those of a's tokens from {@code at}, of b's from {@code bAt}
   */
  static void scoresFloats(long a, long b, long step, int keyDim, float[] q, int qAt, float[] scores, int at, int bAt) {
    FloatVector a0 = FloatVector.zero(FLOAT);
    FloatVector b0 = FloatVector.zero(FLOAT);
    FloatVector a1 = FloatVector.zero(FLOAT);
    FloatVector b1 = FloatVector.zero(FLOAT);
    FloatVector a2 = FloatVector.zero(FLOAT);
    FloatVector b2 = FloatVector.zero(FLOAT);
    FloatVector a3 = FloatVector.zero(FLOAT);
    FloatVector b3 = FloatVector.zero(FLOAT);
    int q1 = qAt + keyDim;
    int q2 = q1 + keyDim;
    int q3 = q2 + keyDim;
    long offset = 0;
    for (int i = 0; i < keyDim; i++) {
      FloatVector aKey = FloatVector.fromMemorySegment(FLOAT, MEMORY, a + offset, LITTLE);
      FloatVector bKey = FloatVector.fromMemorySegment(FLOAT, MEMORY, b + offset, LITTLE);
      FloatVector x0 = FloatVector.broadcast(FLOAT, q[qAt + i]);
      a0 = aKey.fma(x0, a0);
      b0 = bKey.fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(FLOAT, q[q1 + i]);
      a1 = aKey.fma(x1, a1);
      b1 = bKey.fma(x1, b1);
      FloatVector x2 = FloatVector.broadcast(FLOAT, q[q2 + i]);
      a2 = aKey.fma(x2, a2);
      b2 = bKey.fma(x2, b2);
      FloatVector x3 = FloatVector.broadcast(FLOAT, q[q3 + i]);
      a3 = aKey.fma(x3, a3);
      b3 = bKey.fma(x3, b3);
      offset += step;
    }
    a0.intoArray(scores, at);
    b0.intoArray(scores, bAt);
    a1.intoArray(scores, at + GROUP_ROWS);
    b1.intoArray(scores, bAt + GROUP_ROWS);
    a2.intoArray(scores, at + 2 * GROUP_ROWS);
    b2.intoArray(scores, bAt + 2 * GROUP_ROWS);
    a3.intoArray(scores, at + 3 * GROUP_ROWS);
    b3.intoArray(scores, bAt + 3 * GROUP_ROWS);
  }

  /**
   * Writes the scores of two times {@link Lanes#WIDTH} neighbouring tokens.
   *
   * @param a column 0 of the keys of the first tokens; the next column is {@code step} bytes further
   * @param b the same of the tokens that follow, or {@code a} if there are none
   * @param q {@code [4][keyDim]} from {@code qAt}
   * @param scores {@code [4][64]}; those of a's tokens from {@code at}, of b's from {@code bAt}
   */
  static void scoresHalves(long a, long b, long step, int keyDim, float[] q, int qAt, float[] scores, int at, int bAt) {
    FloatVector a0 = FloatVector.zero(FLOAT);
    FloatVector b0 = FloatVector.zero(FLOAT);
    FloatVector a1 = FloatVector.zero(FLOAT);
    FloatVector b1 = FloatVector.zero(FLOAT);
    FloatVector a2 = FloatVector.zero(FLOAT);
    FloatVector b2 = FloatVector.zero(FLOAT);
    FloatVector a3 = FloatVector.zero(FLOAT);
    FloatVector b3 = FloatVector.zero(FLOAT);
    int q1 = qAt + keyDim;
    int q2 = q1 + keyDim;
    int q3 = q2 + keyDim;
    long offset = 0;
    for (int i = 0; i < keyDim; i++) {
      FloatVector aKey = KvTiles.halves(a + offset);
      FloatVector bKey = KvTiles.halves(b + offset);
      FloatVector x0 = FloatVector.broadcast(FLOAT, q[qAt + i]);
      a0 = aKey.fma(x0, a0);
      b0 = bKey.fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(FLOAT, q[q1 + i]);
      a1 = aKey.fma(x1, a1);
      b1 = bKey.fma(x1, b1);
      FloatVector x2 = FloatVector.broadcast(FLOAT, q[q2 + i]);
      a2 = aKey.fma(x2, a2);
      b2 = bKey.fma(x2, b2);
      FloatVector x3 = FloatVector.broadcast(FLOAT, q[q3 + i]);
      a3 = aKey.fma(x3, a3);
      b3 = bKey.fma(x3, b3);
      offset += step;
    }
    a0.intoArray(scores, at);
    b0.intoArray(scores, bAt);
    a1.intoArray(scores, at + GROUP_ROWS);
    b1.intoArray(scores, bAt + GROUP_ROWS);
    a2.intoArray(scores, at + 2 * GROUP_ROWS);
    b2.intoArray(scores, bAt + 2 * GROUP_ROWS);
    a3.intoArray(scores, at + 3 * GROUP_ROWS);
    b3.intoArray(scores, bAt + 3 * GROUP_ROWS);
  }

  /**
   * Writes the scores of two times {@link Lanes#WIDTH} neighbouring tokens.
   *
   * @param a column 0 of the keys of the first tokens; the next column is {@code step} bytes further
   * @param b the same of the tokens that follow, or {@code a} if there are none
   * @param q {@code [4][keyDim]} from {@code qAt}
   * @param scores {@code [4][64]}; those of a's tokens from {@code at}, of b's from {@code bAt}
   */
  static void scoresBrainFloats(long a, long b, long step, int keyDim, float[] q, int qAt, float[] scores, int at, int bAt) {
    FloatVector a0 = FloatVector.zero(FLOAT);
    FloatVector b0 = FloatVector.zero(FLOAT);
    FloatVector a1 = FloatVector.zero(FLOAT);
    FloatVector b1 = FloatVector.zero(FLOAT);
    FloatVector a2 = FloatVector.zero(FLOAT);
    FloatVector b2 = FloatVector.zero(FLOAT);
    FloatVector a3 = FloatVector.zero(FLOAT);
    FloatVector b3 = FloatVector.zero(FLOAT);
    int q1 = qAt + keyDim;
    int q2 = q1 + keyDim;
    int q3 = q2 + keyDim;
    long offset = 0;
    for (int i = 0; i < keyDim; i++) {
      FloatVector aKey = KvTiles.brainFloats(a + offset);
      FloatVector bKey = KvTiles.brainFloats(b + offset);
      FloatVector x0 = FloatVector.broadcast(FLOAT, q[qAt + i]);
      a0 = aKey.fma(x0, a0);
      b0 = bKey.fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(FLOAT, q[q1 + i]);
      a1 = aKey.fma(x1, a1);
      b1 = bKey.fma(x1, b1);
      FloatVector x2 = FloatVector.broadcast(FLOAT, q[q2 + i]);
      a2 = aKey.fma(x2, a2);
      b2 = bKey.fma(x2, b2);
      FloatVector x3 = FloatVector.broadcast(FLOAT, q[q3 + i]);
      a3 = aKey.fma(x3, a3);
      b3 = bKey.fma(x3, b3);
      offset += step;
    }
    a0.intoArray(scores, at);
    b0.intoArray(scores, bAt);
    a1.intoArray(scores, at + GROUP_ROWS);
    b1.intoArray(scores, bAt + GROUP_ROWS);
    a2.intoArray(scores, at + 2 * GROUP_ROWS);
    b2.intoArray(scores, bAt + 2 * GROUP_ROWS);
    a3.intoArray(scores, at + 3 * GROUP_ROWS);
    b3.intoArray(scores, bAt + 3 * GROUP_ROWS);
  }

  /**
   * Writes the scores of two times {@link Lanes#WIDTH} neighbouring tokens.
   *
   * @param a column 0 of the keys of the first tokens; the next column is {@code step} bytes further
   * @param b the same of the tokens that follow, or {@code a} if there are none
   * @param aScales scales of a's columns 0 to 31; the next 32 are {@code 2 * step} bytes further
   * @param bScales the same of b
   * @param q {@code [4][keyDim]} from {@code qAt}
   * @param scores {@code [4][64]}; those of a's tokens from {@code at}, of b's from {@code bAt}
   */
  static void scoresCodes(
      long a, long b, long step, long aScales, long bScales,
      int keyDim, float[] q, int qAt, float[] scores, int at, int bAt) {
    FloatVector a0 = FloatVector.zero(FLOAT);
    FloatVector b0 = FloatVector.zero(FLOAT);
    FloatVector a1 = FloatVector.zero(FLOAT);
    FloatVector b1 = FloatVector.zero(FLOAT);
    FloatVector a2 = FloatVector.zero(FLOAT);
    FloatVector b2 = FloatVector.zero(FLOAT);
    FloatVector a3 = FloatVector.zero(FLOAT);
    FloatVector b3 = FloatVector.zero(FLOAT);
    int q1 = qAt + keyDim;
    int q2 = q1 + keyDim;
    int q3 = q2 + keyDim;
    long offset = 0;
    for (int first = 0; first < keyDim; first += KvLayout.SCALE_COLUMNS) {
      long scalesAt = first / KvLayout.SCALE_COLUMNS * 2 * step;
      FloatVector aScale = KvTiles.halves(aScales + scalesAt);
      FloatVector bScale = KvTiles.halves(bScales + scalesAt);
      int end = Math.min(first + KvLayout.SCALE_COLUMNS, keyDim);
      for (int i = first; i < end; i++) {
        FloatVector aKey = KvTiles.codes(a + offset).mul(aScale);
        FloatVector bKey = KvTiles.codes(b + offset).mul(bScale);
        FloatVector x0 = FloatVector.broadcast(FLOAT, q[qAt + i]);
        a0 = aKey.fma(x0, a0);
        b0 = bKey.fma(x0, b0);
        FloatVector x1 = FloatVector.broadcast(FLOAT, q[q1 + i]);
        a1 = aKey.fma(x1, a1);
        b1 = bKey.fma(x1, b1);
        FloatVector x2 = FloatVector.broadcast(FLOAT, q[q2 + i]);
        a2 = aKey.fma(x2, a2);
        b2 = bKey.fma(x2, b2);
        FloatVector x3 = FloatVector.broadcast(FLOAT, q[q3 + i]);
        a3 = aKey.fma(x3, a3);
        b3 = bKey.fma(x3, b3);
        offset += step;
      }
    }
    a0.intoArray(scores, at);
    b0.intoArray(scores, bAt);
    a1.intoArray(scores, at + GROUP_ROWS);
    b1.intoArray(scores, bAt + GROUP_ROWS);
    a2.intoArray(scores, at + 2 * GROUP_ROWS);
    b2.intoArray(scores, bAt + 2 * GROUP_ROWS);
    a3.intoArray(scores, at + 3 * GROUP_ROWS);
    b3.intoArray(scores, bAt + 3 * GROUP_ROWS);
  }

  /**
   * Adds the weighted values of neighbouring tokens, two vectors of columns.
   *
   * @param from the first token's first column; the next token is {@code step} bytes further
   * @param weights {@code [4][64]}, the first token's from {@code at}
   * @param sums {@code [4][64]}, the columns' from {@code to}
   */
  static void valuesFloats(long from, long step, int tokens, float[] weights, int at, float[] sums, int to) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, to + GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, to + GROUP_ROWS + WIDTH);
    FloatVector s20 = FloatVector.fromArray(FLOAT, sums, to + 2 * GROUP_ROWS);
    FloatVector s21 = FloatVector.fromArray(FLOAT, sums, to + 2 * GROUP_ROWS + WIDTH);
    FloatVector s30 = FloatVector.fromArray(FLOAT, sums, to + 3 * GROUP_ROWS);
    FloatVector s31 = FloatVector.fromArray(FLOAT, sums, to + 3 * GROUP_ROWS + WIDTH);
    long in = from;
    for (int token = at; token < at + tokens; token++) {
      FloatVector v0 = FloatVector.fromMemorySegment(FLOAT, MEMORY, in, LITTLE);
      FloatVector v1 = FloatVector.fromMemorySegment(FLOAT, MEMORY, in + 4L * WIDTH, LITTLE);
      FloatVector w0 = FloatVector.broadcast(FLOAT, weights[token]);
      s00 = v0.fma(w0, s00);
      s01 = v1.fma(w0, s01);
      FloatVector w1 = FloatVector.broadcast(FLOAT, weights[token + GROUP_ROWS]);
      s10 = v0.fma(w1, s10);
      s11 = v1.fma(w1, s11);
      FloatVector w2 = FloatVector.broadcast(FLOAT, weights[token + 2 * GROUP_ROWS]);
      s20 = v0.fma(w2, s20);
      s21 = v1.fma(w2, s21);
      FloatVector w3 = FloatVector.broadcast(FLOAT, weights[token + 3 * GROUP_ROWS]);
      s30 = v0.fma(w3, s30);
      s31 = v1.fma(w3, s31);
      in += step;
    }
    s00.intoArray(sums, to);
    s01.intoArray(sums, to + WIDTH);
    s10.intoArray(sums, to + GROUP_ROWS);
    s11.intoArray(sums, to + GROUP_ROWS + WIDTH);
    s20.intoArray(sums, to + 2 * GROUP_ROWS);
    s21.intoArray(sums, to + 2 * GROUP_ROWS + WIDTH);
    s30.intoArray(sums, to + 3 * GROUP_ROWS);
    s31.intoArray(sums, to + 3 * GROUP_ROWS + WIDTH);
  }

  /**
   * Adds the weighted values of neighbouring tokens, two vectors of columns.
   *
   * @param from the first token's first column; the next token is {@code step} bytes further
   * @param weights {@code [4][64]}, the first token's from {@code at}
   * @param sums {@code [4][64]}, the columns' from {@code to}
   */
  static void valuesHalves(long from, long step, int tokens, float[] weights, int at, float[] sums, int to) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, to + GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, to + GROUP_ROWS + WIDTH);
    FloatVector s20 = FloatVector.fromArray(FLOAT, sums, to + 2 * GROUP_ROWS);
    FloatVector s21 = FloatVector.fromArray(FLOAT, sums, to + 2 * GROUP_ROWS + WIDTH);
    FloatVector s30 = FloatVector.fromArray(FLOAT, sums, to + 3 * GROUP_ROWS);
    FloatVector s31 = FloatVector.fromArray(FLOAT, sums, to + 3 * GROUP_ROWS + WIDTH);
    long in = from;
    for (int token = at; token < at + tokens; token++) {
      FloatVector v0 = KvTiles.halves(in);
      FloatVector v1 = KvTiles.halves(in + 2L * WIDTH);
      FloatVector w0 = FloatVector.broadcast(FLOAT, weights[token]);
      s00 = v0.fma(w0, s00);
      s01 = v1.fma(w0, s01);
      FloatVector w1 = FloatVector.broadcast(FLOAT, weights[token + GROUP_ROWS]);
      s10 = v0.fma(w1, s10);
      s11 = v1.fma(w1, s11);
      FloatVector w2 = FloatVector.broadcast(FLOAT, weights[token + 2 * GROUP_ROWS]);
      s20 = v0.fma(w2, s20);
      s21 = v1.fma(w2, s21);
      FloatVector w3 = FloatVector.broadcast(FLOAT, weights[token + 3 * GROUP_ROWS]);
      s30 = v0.fma(w3, s30);
      s31 = v1.fma(w3, s31);
      in += step;
    }
    s00.intoArray(sums, to);
    s01.intoArray(sums, to + WIDTH);
    s10.intoArray(sums, to + GROUP_ROWS);
    s11.intoArray(sums, to + GROUP_ROWS + WIDTH);
    s20.intoArray(sums, to + 2 * GROUP_ROWS);
    s21.intoArray(sums, to + 2 * GROUP_ROWS + WIDTH);
    s30.intoArray(sums, to + 3 * GROUP_ROWS);
    s31.intoArray(sums, to + 3 * GROUP_ROWS + WIDTH);
  }

  /**
   * Adds the weighted values of neighbouring tokens, two vectors of columns.
   *
   * @param from the first token's first column; the next token is {@code step} bytes further
   * @param weights {@code [4][64]}, the first token's from {@code at}
   * @param sums {@code [4][64]}, the columns' from {@code to}
   */
  static void valuesBrainFloats(long from, long step, int tokens, float[] weights, int at, float[] sums, int to) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, to + GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, to + GROUP_ROWS + WIDTH);
    FloatVector s20 = FloatVector.fromArray(FLOAT, sums, to + 2 * GROUP_ROWS);
    FloatVector s21 = FloatVector.fromArray(FLOAT, sums, to + 2 * GROUP_ROWS + WIDTH);
    FloatVector s30 = FloatVector.fromArray(FLOAT, sums, to + 3 * GROUP_ROWS);
    FloatVector s31 = FloatVector.fromArray(FLOAT, sums, to + 3 * GROUP_ROWS + WIDTH);
    long in = from;
    for (int token = at; token < at + tokens; token++) {
      FloatVector v0 = KvTiles.brainFloats(in);
      FloatVector v1 = KvTiles.brainFloats(in + 2L * WIDTH);
      FloatVector w0 = FloatVector.broadcast(FLOAT, weights[token]);
      s00 = v0.fma(w0, s00);
      s01 = v1.fma(w0, s01);
      FloatVector w1 = FloatVector.broadcast(FLOAT, weights[token + GROUP_ROWS]);
      s10 = v0.fma(w1, s10);
      s11 = v1.fma(w1, s11);
      FloatVector w2 = FloatVector.broadcast(FLOAT, weights[token + 2 * GROUP_ROWS]);
      s20 = v0.fma(w2, s20);
      s21 = v1.fma(w2, s21);
      FloatVector w3 = FloatVector.broadcast(FLOAT, weights[token + 3 * GROUP_ROWS]);
      s30 = v0.fma(w3, s30);
      s31 = v1.fma(w3, s31);
      in += step;
    }
    s00.intoArray(sums, to);
    s01.intoArray(sums, to + WIDTH);
    s10.intoArray(sums, to + GROUP_ROWS);
    s11.intoArray(sums, to + GROUP_ROWS + WIDTH);
    s20.intoArray(sums, to + 2 * GROUP_ROWS);
    s21.intoArray(sums, to + 2 * GROUP_ROWS + WIDTH);
    s30.intoArray(sums, to + 3 * GROUP_ROWS);
    s31.intoArray(sums, to + 3 * GROUP_ROWS + WIDTH);
  }

  /**
   * Adds the weighted values of neighbouring tokens, two vectors of columns.
   *
   * @param from the first token's first column; the next token is {@code step} bytes further
   * @param scales the first token's scale of those columns; the next token's is {@code scaleStep} bytes further
   * @param weights {@code [4][64]}, the first token's from {@code at}
   * @param sums {@code [4][64]}, the columns' from {@code to}
   */
  static void valuesCodes(
      long from, long step, long scales, long scaleStep, int tokens, float[] weights, int at, float[] sums, int to) {
    FloatVector s00 = FloatVector.fromArray(FLOAT, sums, to);
    FloatVector s01 = FloatVector.fromArray(FLOAT, sums, to + WIDTH);
    FloatVector s10 = FloatVector.fromArray(FLOAT, sums, to + GROUP_ROWS);
    FloatVector s11 = FloatVector.fromArray(FLOAT, sums, to + GROUP_ROWS + WIDTH);
    FloatVector s20 = FloatVector.fromArray(FLOAT, sums, to + 2 * GROUP_ROWS);
    FloatVector s21 = FloatVector.fromArray(FLOAT, sums, to + 2 * GROUP_ROWS + WIDTH);
    FloatVector s30 = FloatVector.fromArray(FLOAT, sums, to + 3 * GROUP_ROWS);
    FloatVector s31 = FloatVector.fromArray(FLOAT, sums, to + 3 * GROUP_ROWS + WIDTH);
    long in = from;
    long scaleAt = scales;
    for (int token = at; token < at + tokens; token++) {
      FloatVector scale = KvTiles.half(scaleAt);
      FloatVector v0 = KvTiles.codes(in).mul(scale);
      FloatVector v1 = KvTiles.codes(in + WIDTH).mul(scale);
      FloatVector w0 = FloatVector.broadcast(FLOAT, weights[token]);
      s00 = v0.fma(w0, s00);
      s01 = v1.fma(w0, s01);
      FloatVector w1 = FloatVector.broadcast(FLOAT, weights[token + GROUP_ROWS]);
      s10 = v0.fma(w1, s10);
      s11 = v1.fma(w1, s11);
      FloatVector w2 = FloatVector.broadcast(FLOAT, weights[token + 2 * GROUP_ROWS]);
      s20 = v0.fma(w2, s20);
      s21 = v1.fma(w2, s21);
      FloatVector w3 = FloatVector.broadcast(FLOAT, weights[token + 3 * GROUP_ROWS]);
      s30 = v0.fma(w3, s30);
      s31 = v1.fma(w3, s31);
      in += step;
      scaleAt += scaleStep;
    }
    s00.intoArray(sums, to);
    s01.intoArray(sums, to + WIDTH);
    s10.intoArray(sums, to + GROUP_ROWS);
    s11.intoArray(sums, to + GROUP_ROWS + WIDTH);
    s20.intoArray(sums, to + 2 * GROUP_ROWS);
    s21.intoArray(sums, to + 2 * GROUP_ROWS + WIDTH);
    s30.intoArray(sums, to + 3 * GROUP_ROWS);
    s31.intoArray(sums, to + 3 * GROUP_ROWS + WIDTH);
  }
}
