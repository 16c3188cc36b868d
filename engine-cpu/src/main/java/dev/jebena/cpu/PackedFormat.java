package dev.jebena.cpu;

import dev.jebena.engine.weight.BlockType;

/**
 * How a weight is laid out for the kernels: in groups of {@value #GROUP_ROWS} rows, which a kernel takes at once, of {@value #STRIPS} strips of
 * {@value #STRIP_ROWS} rows. A strip is one sequential stream of blocks along the columns, in which the same element of all its rows lies side by
 * side (lane = row). First come the first strips of all groups, one behind the other, then the second ones, and so on: who takes
 * group after group reads {@value #STRIPS} long streams at once, each of which the processor prefetches by itself. The last group
 * is filled up with rows of zeros.
 *
 * <p>A block holds, in this order: the factors of each row ({@link FactorLayout}), then its units. A unit is {@link #unitColumns} columns that
 * share a scale: their factors, then the codes as 32-bit words. A word packs consecutive columns of one row, the first in its lowest bits; with
 * codes of 5 and 6 bits two bits are left over, which hold a part of the unit's last columns. See {@link WeightPacker} for what each type writes and
 * {@link TileDecoder} for what it means.
 *
 * @param blockColumns columns of a block
 * @param units of a block
 * @param factors what stands before blocks and units
 * @param bits of a code
 */
record PackedFormat(BlockType type, int blockColumns, int units, FactorLayout factors, int bits) {

  /** Rows of a group: four vectors of 512 bits. */
  static final int GROUP_ROWS = 64;

  /** Rows of a strip: a vector of 512 bits. */
  static final int STRIP_ROWS = 16;

  /** Strips of a group. */
  static final int STRIPS = GROUP_ROWS / STRIP_ROWS;

  /** What of a row stands before a block and before each of its units. */
  enum FactorLayout {
    /** Codes are the values. */
    NONE(0, 0),
    /** A half as scale; zero is in the middle of the codes. */
    SCALE(0, 2),
    /** Halves: scale and minimum. */
    SCALE_AND_MINIMUM(0, 4),
    /** A half for the block, a signed byte for each unit; zero is in the middle of the codes. */
    SCALE_OF_SCALES(2, 1),
    /** For the block a half for scales and one for minima, for each unit a byte of each. */
    SCALE_OF_SCALES_AND_MINIMA(4, 2);

    /** Of a row, in bytes. */
    final int ofBlock;
    /** Of a row, in bytes. */
    final int ofUnit;

    FactorLayout(int ofBlock, int ofUnit) {
      this.ofBlock = ofBlock;
      this.ofUnit = ofUnit;
    }
  }

  static PackedFormat of(BlockType type) {
    return switch (type) {
      case F32 -> new PackedFormat(type, 1, 1, FactorLayout.NONE, 32);
      case F16, BF16 -> new PackedFormat(type, 2, 1, FactorLayout.NONE, 16);
      case Q4_0 -> new PackedFormat(type, 32, 1, FactorLayout.SCALE, 4);
      case Q4_1 -> new PackedFormat(type, 32, 1, FactorLayout.SCALE_AND_MINIMUM, 4);
      case Q5_0 -> new PackedFormat(type, 32, 1, FactorLayout.SCALE, 5);
      case Q5_1 -> new PackedFormat(type, 32, 1, FactorLayout.SCALE_AND_MINIMUM, 5);
      case Q8_0 -> new PackedFormat(type, 32, 1, FactorLayout.SCALE, 8);
      case Q4_K -> new PackedFormat(type, 256, 8, FactorLayout.SCALE_OF_SCALES_AND_MINIMA, 4);
      case Q5_K -> new PackedFormat(type, 256, 8, FactorLayout.SCALE_OF_SCALES_AND_MINIMA, 5);
      case Q6_K -> new PackedFormat(type, 256, 16, FactorLayout.SCALE_OF_SCALES, 6);
    };
  }

  /** Columns of a unit. */
  int unitColumns() {
    return blockColumns / units;
  }

  /** Bytes of the factors that a block of a strip begins with. */
  int blockFactorBytes() {
    return factors.ofBlock * STRIP_ROWS;
  }

  /** Bytes of the factors that a unit of a strip begins with. */
  int unitFactorBytes() {
    return factors.ofUnit * STRIP_ROWS;
  }

  /** Bytes of a unit of a strip. */
  int unitBytes() {
    return unitFactorBytes() + unitColumns() * bits / 8 * STRIP_ROWS;
  }

  /** Bytes of a block of a strip. */
  int blockBytes() {
    return blockFactorBytes() + units * unitBytes();
  }

  /** Blocks that {@code columns} columns take; a last half-filled pair of 16-bit columns counts. */
  int blocks(int columns) {
    return (columns + blockColumns - 1) / blockColumns;
  }

  /** Bytes of one strip of {@code columns} columns. */
  long stripBytes(int columns) {
    return (long) blocks(columns) * blockBytes();
  }

  static int groups(int rows) {
    return (rows + GROUP_ROWS - 1) / GROUP_ROWS;
  }

  /** Bytes from a strip of a group to its next, in a weight of that shape. */
  long stripStride(int rows, int columns) {
    return groups(rows) * stripBytes(columns);
  }

  /** Bytes of a weight of that shape. */
  long bytes(int rows, int columns) {
    return STRIPS * stripStride(rows, columns);
  }
}
