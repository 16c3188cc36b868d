package dev.jebena.cpu;

import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;

import dev.jebena.engine.program.Op;
import java.util.Arrays;

/**
 * The product of each pair of a row and one of its experts with that expert's rows of a weight. A chunk is a group of 64 rows of the weight, whichever experts they
 * belong to. Each pair is multiplied by itself, so its bits do not depend on the others.
 */
final class ExpertStage implements Team.Stage {

  private final KernelTable kernels;
  private final LinearStage.Rows rows;
  private final Choice choice;
  private final PackedWeight weight;
  private final int expertRows;
  private final Side in;
  private final Side out;
  private final LinearStage.Room[] rooms;

  /**
   * Which experts rows go to.
   *
   * @param values of the step; row r's route begins at {@code route.row(r)}
   */
  record Choice(Op.MoeExperts op, float[] values, RowKernels.Place route) {

    /** The k-th expert of a row among those that are here; negative: it is not here. */
    int expert(int row, int k) {
      int expert = (int) values[route.row(row) + k] - op.firstExpert();
      return expert < op.experts() ? expert : -1;
    }

    float weight(int row, int k) {
      return values[route.row(row) + op.topK() + k];
    }
  }

  /** Rows of floats; with {@code pairsOfRow} pairs for each row. */
  record Side(float[] values, int at, int stride, int pairsOfRow) {

    int pair(int pair) {
      return at + pair / pairsOfRow * stride;
    }
  }

  ExpertStage(
      KernelTable kernels, LinearStage.Rows rows, Choice choice, PackedWeight weight, Side in, Side out, LinearStage.Room[] rooms) {
    this.kernels = kernels;
    this.rows = rows;
    this.choice = choice;
    this.weight = weight;
    this.expertRows = weight.rows() / choice.op.experts();
    this.in = in;
    this.out = out;
    this.rooms = rooms;
  }

  @Override
  public String name() {
    return "Experts " + weight.format().type() + " " + weight.rows() + "x" + weight.columns();
  }

  @Override
  public int chunks() {
    return weight.groups();
  }

  @Override
  public void run(int from, int to, int worker) {
    int topK = choice.op.topK();
    for (int group = from; group < to; group++) {
      for (int row = 0; row < rows.count(); row++) {
        for (int k = 0; k < topK; k++) {
          int expert = choice.expert(row, k);
          if (expert >= 0) {
            multiply(group, expert * expertRows, row * topK + k, rooms[worker]);
          }
        }
      }
    }
  }

  /** Multiplies a pair with what of its expert's rows, which begin at {@code first}, lies in the group. */
  private void multiply(int group, int first, int pair, LinearStage.Room room) {
    int start = group * GROUP_ROWS;
    int from = Math.max(first, start);
    int to = Math.min(first + expertRows, start + GROUP_ROWS);
    if (from >= to) {
      return;
    }
    Arrays.fill(room.sums, 0, GROUP_ROWS, 0);
    kernels.chosen(weight.format().type(), ProductKernel.Shape.ONE_ROW)
        .multiply(weight, group, in.values, in.pair(pair), in.stride, 1, room);
    System.arraycopy(room.sums, from - start, out.values, out.pair(pair) + from - first, to - from);
  }
}
