package dev.jebena.engine.program;

/**
 * A named float32 matrix of a Program, assigned once: {@code [rows of its domain, columns]}, row-major. A slice of columns is a view of
 * its root's memory.
 *
 * @param id position in {@link Program#values()}
 * @param name unique within the Program
 * @param domain what its rows are
 * @param columns columns seen through this value
 * @param root id of the value that owns the memory; the value's own id unless it is a slice
 * @param columnOffset first column within the root
 */
public record Value(int id, String name, RowDomain domain, int columns, int root, int columnOffset) {

  public Value {
    if (columns <= 0 || columnOffset < 0 || id < 0 || root < 0 || root > id) {
      throw new ProgramException("value " + name + " has " + columns + " columns at offset " + columnOffset + " of root " + root);
    }
  }

  /** Whether this is a view of another value's columns. */
  public boolean isSlice() {
    return root != id;
  }

  @Override
  public String toString() {
    return "%" + name;
  }
}
