package dev.jebena.engine.weight;

/**
 * A weight as a Program names it: shape and format, without the bytes.
 *
 * @param name unique within its source
 * @param rows output features; 1 for a vector
 * @param columns input features, the contiguous dimension
 * @param format how the elements are stored
 */
public record WeightSpec(String name, int rows, int columns, WeightFormat format) {

  public WeightSpec {
    if (name.isEmpty() || rows <= 0 || columns <= 0) {
      throw new IllegalArgumentException("weight '" + name + "' has shape [" + rows + ", " + columns + "]: sizes must be positive");
    }
    switch (format) {
      case WeightFormat.Blocked(BlockType type) -> {
        if (columns % type.elements() != 0) {
          throw new IllegalArgumentException(
              "weight '" + name + "' of type " + type + " has " + columns + " columns: a multiple of " + type.elements() + " is needed");
        }
      }
    }
  }

  /** Bytes of one row. */
  public long rowBytes() {
    return switch (format) {
      case WeightFormat.Blocked(BlockType type) -> type.bytesOf(columns);
    };
  }

  /** Bytes of the whole weight. */
  public long bytes() {
    return Math.multiplyExact(rowBytes(), rows);
  }

  /** Elements of the whole weight. */
  public long elements() {
    return (long) rows * columns;
  }
}
