package dev.jebena.engine.reference;

/**
 * A value in memory: row r, column c stands at {@code offset + r * stride + c} of {@code data}.
 *
 * @param stride columns of the value that owns the memory
 * @param offset first column seen
 * @param columns columns seen
 */
record Matrix(float[] data, int stride, int offset, int columns) {

  /** Where a row begins. */
  int row(int row) {
    return offset + row * stride;
  }
}
