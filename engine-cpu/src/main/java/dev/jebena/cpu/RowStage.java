package dev.jebena.cpu;

import java.util.List;

/** Row operations one after another on the same rows, without a barrier in between. */
final class RowStage implements Team.Stage {

  private final LinearStage.Rows rows;
  private final RowKernel[] kernels;

  RowStage(LinearStage.Rows rows, List<RowKernel> kernels) {
    this.rows = rows;
    this.kernels = kernels.toArray(RowKernel[]::new);
  }

  @Override
  public int chunks() {
    return rows.count();
  }

  @Override
  public void run(int from, int to, int worker) {
    for (int row = from; row < to; row++) {
      for (RowKernel kernel : kernels) {
        kernel.run(row, worker);
      }
    }
  }
}
