package dev.jebena.cpu;

import dev.jebena.engine.weight.BlockType;

/**
 * One way to multiply rows of activations by a group of packed rows. Whatever fits a type gives the same bits for it, so that one may stand
 * in for another while requests run.
 */
interface ProductKernel {

  /** What {@code doctor} calls it. */
  String name();

  /** Whether it multiplies so many rows by weights of that type. */
  boolean fits(BlockType type, Shape shape);

  /**
   * Adds the products of one group.
   *
   * @param weight a type that fits
   * @param x activations; row r begins at {@code xAt + r * xStride} and has the weight's columns
   * @param rows at most {@link LinearStage#ROW_BLOCK}
   * @param room its {@code sums}, {@code [rows][64]}, are continued
   */
  void multiply(PackedWeight weight, int group, float[] x, int xAt, int xStride, int rows, LinearStage.Room room);

  /** How many rows of activations there are, as far as it matters to the choice of a kernel. */
  enum Shape {
    /** Decoding one sequence: bound by reading the weights. */
    ONE_ROW("matrix-vector", 1),
    /** Decoding some sequences. */
    FEW_ROWS("few rows", 4),
    /** Prompts and many sequences: bound by computing. */
    MANY_ROWS("matrix-matrix", 24);

    private static final int FEW = 6;

    private final String operation;
    private final int measuredRows;

    Shape(String operation, int measuredRows) {
      this.operation = operation;
      this.measuredRows = measuredRows;
    }

    static Shape of(int rows) {
      return rows == 1 ? ONE_ROW : rows <= FEW ? FEW_ROWS : MANY_ROWS;
    }

    /** What reports call it. */
    String operation() {
      return operation;
    }

    /** The rows that stand for the shape when kernels are timed. */
    int measuredRows() {
      return measuredRows;
    }
  }
}
