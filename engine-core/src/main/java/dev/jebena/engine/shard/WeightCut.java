package dev.jebena.engine.shard;

import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;

/**
 * A part of a weight that one rank needs: so many rows and columns of it. Nothing else of the weight is ever touched, so of a mapped file
 * a rank reads its own pages only.
 *
 * @param whole the weight as its source has it
 * @param rows of it
 * @param columns of it, on borders of blocks
 */
public record WeightCut(WeightSpec whole, Range rows, Range columns) {

  public WeightCut {
    if (rows.to() > whole.rows() || columns.to() > whole.columns()) {
      throw new IllegalArgumentException("weight '" + whole.name() + "' has no rows " + rows + " and columns " + columns);
    }
  }

  /** All of a weight. */
  static WeightCut whole(WeightSpec spec) {
    return new WeightCut(spec, new Range(0, spec.rows()), new Range(0, spec.columns()));
  }

  /** The part as a weight of its own, under a name that no other part has. */
  WeightSpec spec() {
    boolean allRows = rows.size() == whole.rows();
    boolean allColumns = columns.size() == whole.columns();
    String name = allRows && allColumns ? whole.name()
        : whole.name() + "[" + (allRows ? "" : rows.toString()) + (allColumns ? "" : ", " + columns) + "]";
    return new WeightSpec(name, rows.size(), columns.size(), whole.format());
  }

  /** The part's bytes. */
  WeightView of(WeightView view) {
    WeightView cut = view.rows(rows.from(), rows.size()).columns(columns.from(), columns.size());
    return new WeightView(spec(), cut.data(), cut.rowStrideBytes());
  }
}
