package dev.jebena.engine.weight;

import java.lang.foreign.MemorySegment;

/**
 * The bytes of a weight, or of a cut of it.
 *
 * @param spec name, shape {@code [rows, columns]} and format of what is seen here
 * @param data read-only memory; row r starts at {@code r * rowStrideBytes}
 * @param rowStrideBytes bytes from one row to the next, more than a row's own bytes after a cut by columns
 */
public record WeightView(WeightSpec spec, MemorySegment data, long rowStrideBytes) {

  public WeightView {
    long needed = Math.addExact(Math.multiplyExact(rowStrideBytes, spec.rows() - 1L), spec.rowBytes());
    if (rowStrideBytes < spec.rowBytes() || data.byteSize() < needed) {
      throw new IllegalArgumentException(
          "weight '" + spec.name() + "' needs " + needed + " bytes, its memory has " + data.byteSize());
    }
  }

  /** A weight whose rows follow one another. */
  public static WeightView contiguous(WeightSpec spec, MemorySegment data) {
    return new WeightView(spec, data, spec.rowBytes());
  }

  /** The rows {@code [from, from + count)}. */
  public WeightView rows(int from, int count) {
    checkCut("rows", from, count, spec.rows());
    WeightSpec cut = new WeightSpec(spec.name(), count, spec.columns(), spec.format());
    return new WeightView(cut, data.asSlice(from * rowStrideBytes), rowStrideBytes);
  }

  /** The columns {@code [from, from + count)}; both must lie on block borders. */
  public WeightView columns(int from, int count) {
    checkCut("columns", from, count, spec.columns());
    BlockType type = blockType();
    if (from % type.elements() != 0 || count % type.elements() != 0) {
      throw new IllegalArgumentException(
          "weight '" + spec.name() + "' of type " + type + " cannot be cut at columns " + from + " to " + (from + count)
              + ": cuts lie on multiples of " + type.elements());
    }
    WeightSpec cut = new WeightSpec(spec.name(), spec.rows(), count, spec.format());
    return new WeightView(cut, data.asSlice(type.bytesOf(from)), rowStrideBytes);
  }

  /** The block type of a blocked weight. */
  public BlockType blockType() {
    return switch (spec.format()) {
      case WeightFormat.Blocked(BlockType type) -> type;
    };
  }

  /** Decodes row {@code row} into {@code target}, {@code columns} values from {@code targetOffset}, by the type's specification. */
  public void decodeRow(int row, float[] target, int targetOffset) {
    BlockType type = blockType();
    long offset = row * rowStrideBytes;
    for (int column = 0; column < spec.columns(); column += type.elements()) {
      type.decode(data, offset, target, targetOffset + column);
      offset += type.bytes();
    }
  }

  private void checkCut(String what, int from, int count, int limit) {
    if (from < 0 || count <= 0 || from > limit - count) {
      throw new IllegalArgumentException(
          "weight '" + spec.name() + "' has " + limit + " " + what + ": " + from + " to " + ((long) from + count) + " is outside");
    }
  }
}
