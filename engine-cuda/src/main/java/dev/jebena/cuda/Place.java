package dev.jebena.cuda;

/**
 * A float32 matrix in device memory.
 *
 * @param address of its first element
 * @param stride elements from one row to the next
 * @param columns of a row
 */
record Place(long address, int stride, int columns) {

  /** No matrix. */
  static final Place NONE = new Place(0, 0, 0);

  /** The same from another row on. */
  Place row(int row) {
    return new Place(address + 4L * row * stride, stride, columns);
  }
}
