package dev.jebena.cuda;

import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;

/**
 * How a weight's blocks lie on the device: the heads (scales) of all blocks in one plane, the bodies (codes) in another, not a byte changed.
 *
 * @param type of the blocks
 * @param headAt first byte of the head within a block
 * @param headBytes of a block; 0: the block is its body
 */
record Planes(BlockType type, int headAt, int headBytes) {

  /** Rows of floating-point types are padded with zeros to so many elements. */
  static final int UNIT = 32;

  private static final int ALIGNMENT = 256;

  static Planes of(BlockType type) {
    return switch (type) {
      case F32, F16, BF16 -> new Planes(type, 0, 0);
      case Q4_0, Q8_0 -> new Planes(type, 0, 2);
      case Q4_1 -> new Planes(type, 0, 4);
      case Q5_0 -> new Planes(type, 0, 6);
      case Q5_1 -> new Planes(type, 0, 8);
      case Q4_K, Q5_K -> new Planes(type, 0, 16);
      case Q6_K -> new Planes(type, 208, 2);
    };
  }

  static Planes of(WeightSpec spec) {
    return switch (spec.format()) {
      case WeightFormat.Blocked(BlockType type) -> of(type);
    };
  }

  int bodyBytes() {
    return type.bytes() - headBytes;
  }

  /** Blocks of a row as they are stored. */
  int blocks(int columns) {
    int padded = type.elements() == 1 ? (columns + UNIT - 1) / UNIT * UNIT : columns;
    return padded / type.elements();
  }

  long bodyRowBytes(int columns) {
    return (long) blocks(columns) * bodyBytes();
  }

  long headRowBytes(int columns) {
    return (long) blocks(columns) * headBytes;
  }

  /** Bytes of the plane of bodies, aligned for what follows. */
  long bodyPlaneBytes(WeightSpec spec) {
    return aligned(spec.rows() * bodyRowBytes(spec.columns()));
  }

  long headPlaneBytes(WeightSpec spec) {
    return aligned(spec.rows() * headRowBytes(spec.columns()));
  }

  static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
