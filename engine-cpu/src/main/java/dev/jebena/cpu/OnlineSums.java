package dev.jebena.cpu;

import static dev.jebena.cpu.Lanes.FLOAT;
import static dev.jebena.cpu.Lanes.WIDTH;
import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * What an online softmax knows of some query rows after a part of the context: the largest score, the sum of the weights relative to it
 * (each lane of a vector has its own until the end), and the values summed with those weights, {@code [groups of 64 columns][rows][64]}.
 */
final class OnlineSums {

  final float[] maxima;
  final float[] totals;
  final float[] sums;
  private final int rows;
  private final int groups;

  OnlineSums(int rows, int groups) {
    this.rows = HeadKernels.padded(rows);
    this.groups = groups;
    this.maxima = new float[rows];
    this.totals = new float[rows * WIDTH];
    this.sums = new float[groups * this.rows * GROUP_ROWS];
  }

  /** Index of a row's first sum of a group of columns. */
  int at(int group, int row) {
    return (group * rows + row) * GROUP_ROWS;
  }

  int groups() {
    return groups;
  }

  /** Forgets the first {@code count} rows. */
  void clear(int count) {
    Arrays.fill(maxima, 0, count, Float.NEGATIVE_INFINITY);
    Arrays.fill(totals, 0, count * WIDTH, 0);
    for (int group = 0; group < groups; group++) {
      Arrays.fill(sums, at(group, 0), at(group, count), 0);
    }
  }

  /** The sum of a row's weights; its lanes are used up. */
  float total(int row) {
    return VectorMath.sum(totals, row * WIDTH);
  }

  /** Scales what a row has down because a larger score was found. */
  void shrink(int row, float factor) {
    FloatVector.fromArray(FLOAT, totals, row * WIDTH).mul(factor).intoArray(totals, row * WIDTH);
    for (int group = 0; group < groups; group++) {
      int at = at(group, row);
      for (int i = 0; i < GROUP_ROWS; i += WIDTH) {
        FloatVector.fromArray(FLOAT, sums, at + i).mul(factor).intoArray(sums, at + i);
      }
    }
  }

  /** Takes in what was found in the part of the context that follows, for the first {@code count} rows of both. */
  void merge(OnlineSums next, int count) {
    for (int row = 0; row < count; row++) {
      float theirs = next.maxima[row];
      if (theirs == Float.NEGATIVE_INFINITY) {
        continue;
      }
      float ours = maxima[row];
      float largest = Math.max(ours, theirs);
      float keep = decay(ours, largest);
      float take = decay(theirs, largest);
      maxima[row] = largest;
      FloatVector taken = FloatVector.fromArray(FLOAT, next.totals, row * WIDTH).mul(take);
      FloatVector.fromArray(FLOAT, totals, row * WIDTH).mul(keep).add(taken).intoArray(totals, row * WIDTH);
      for (int group = 0; group < groups; group++) {
        add(keep, at(group, row), next.sums, take, next.at(group, row));
      }
    }
  }

  private void add(float keep, int at, float[] next, float take, int nextAt) {
    for (int i = 0; i < GROUP_ROWS; i += WIDTH) {
      FloatVector taken = FloatVector.fromArray(FLOAT, next, nextAt + i).mul(take);
      FloatVector.fromArray(FLOAT, sums, at + i).mul(keep).add(taken).intoArray(sums, at + i);
    }
  }

  /** What a weight relative to {@code before} counts relative to {@code largest}. */
  static float decay(float before, float largest) {
    if (before == largest) {
      return 1;
    }
    return before == Float.NEGATIVE_INFINITY ? 0 : (float) Math.exp((double) before - largest);
  }
}
