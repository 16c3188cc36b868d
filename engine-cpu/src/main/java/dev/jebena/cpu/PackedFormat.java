package dev.jebena.cpu;

import dev.jebena.engine.weight.BlockType;

/**
 * How a weight is laid out for the kernels: groups of {@value #GROUP_ROWS} rows, which a tile takes, of two strips of {@value #STRIP_ROWS}
 * rows. A strip is one sequential stream of blocks along the columns, in which the same element of all its rows lies side by side (lane = row).
 * The last group is filled up with rows of zeros.
 *
 * <p>Strips are as wide as a kernel for one row of activations reads at once, two vectors of 512 bits: a stream of which half is left for later
 * defeats the processor's prefetching.
 *
 * <p>A block holds, in this order: factors (scales, minima) of each row, then codes as 32-bit words. A word packs consecutive columns of
 * one row, the first in its lowest bits. See {@link WeightPacker} for what each type writes and {@link TileDecoder} for what it means.
 *
 * @param blockColumns columns of a block
 * @param rowBytes bytes of a row's share of a block
 */
record PackedFormat(BlockType type, int blockColumns, int rowBytes) {

  /** Rows of a group: four vectors of 512 bits. */
  static final int GROUP_ROWS = 64;

  /** Rows of a strip: two vectors of 512 bits. */
  static final int STRIP_ROWS = 32;

  static PackedFormat of(BlockType type) {
    return switch (type) {
      case F32 -> new PackedFormat(type, 1, 4);
      case F16, BF16 -> new PackedFormat(type, 2, 4);
      case Q4_0 -> new PackedFormat(type, 32, 2 + 16);
      case Q4_1 -> new PackedFormat(type, 32, 4 + 16);
      case Q5_0 -> new PackedFormat(type, 32, 2 + 4 + 16);
      case Q5_1 -> new PackedFormat(type, 32, 4 + 4 + 16);
      case Q8_0 -> new PackedFormat(type, 32, 2 + 32);
      // a super-block: d, dmin, then 8 sub-blocks of scale, minimum, [high bits,] nibbles
      case Q4_K -> new PackedFormat(type, 256, 4 + 8 * (2 + 16));
      case Q5_K -> new PackedFormat(type, 256, 4 + 8 * (2 + 4 + 16));
      // d, then 8 sub-blocks of two scales, high pairs, nibbles
      case Q6_K -> new PackedFormat(type, 256, 2 + 8 * (2 + 8 + 16));
    };
  }

  /** Bytes of a block of a strip. */
  int blockBytes() {
    return rowBytes * STRIP_ROWS;
  }

  /** Blocks that {@code columns} columns take; a last half-filled pair of 16-bit columns counts. */
  int blocks(int columns) {
    return (columns + blockColumns - 1) / blockColumns;
  }

  /** Bytes of one strip of {@code columns} columns. */
  long stripBytes(int columns) {
    return (long) blocks(columns) * blockBytes();
  }

  /** Bytes of one group of {@code columns} columns. */
  long groupBytes(int columns) {
    return GROUP_ROWS / STRIP_ROWS * stripBytes(columns);
  }

  static int groups(int rows) {
    return (rows + GROUP_ROWS - 1) / GROUP_ROWS;
  }

  /** Bytes of a weight of that shape. */
  long bytes(int rows, int columns) {
    return groups(rows) * groupBytes(columns);
  }
}
