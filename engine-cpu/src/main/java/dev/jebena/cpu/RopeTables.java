package dev.jebena.cpu;

import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.program.RopeFrequencies;

/** Cosines and sines of a step's positions for one set of frequencies, computed once a step for all layers and heads. */
final class RopeTables implements RowKernel {

  private final SlotTable table;
  private final RopeFrequencies frequencies;
  private final float[] values;

  RopeTables(SlotTable table, RopeFrequencies frequencies, int maxRows) {
    this.table = table;
    this.frequencies = frequencies;
    this.values = new float[Math.multiplyExact(maxRows, 2 * frequencies.pairs())];
  }

  float[] values() {
    return values;
  }

  /** Where the cosines of a row begin; its sines follow. */
  int cosines(int row) {
    return row * 2 * frequencies.pairs();
  }

  @Override
  public void run(int row, int worker) {
    int at = cosines(row);
    int position = table.rowPosition()[row];
    for (int pair = 0; pair < frequencies.pairs(); pair++) {
      double angle = position * frequencies.inverse(pair);
      values[at + pair] = (float) (Math.cos(angle) * frequencies.magnitude());
      values[at + frequencies.pairs() + pair] = (float) (Math.sin(angle) * frequencies.magnitude());
    }
  }
}
