package dev.jebena.cpu;

import java.util.List;

/** Row operations one after another on the same rows, without a barrier in between. */
final class RowStage implements Team.Stage {

  private final String name;
  private final LinearStage.Rows rows;
  private final RowKernel[] kernels;

  RowStage(String name, LinearStage.Rows rows, List<RowKernel> kernels) {
    this.name = name;
    this.rows = rows;
    this.kernels = kernels.toArray(RowKernel[]::new);
  }

  @Override
  public String name() {
    return name;
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
