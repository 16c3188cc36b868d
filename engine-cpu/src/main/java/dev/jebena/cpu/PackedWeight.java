package dev.jebena.cpu;

/**
 * A repacked weight: {@code rows x columns} in {@code format}, from {@code address}.
 *
 * @param address first byte, aligned to 64; valid while the WeightSet is open
 */
record PackedWeight(PackedFormat format, int rows, int columns, long address) {

  PackedWeight {
    if (format.factors() != PackedFormat.FactorLayout.NONE && columns % format.blockColumns() != 0) {
      throw new IllegalArgumentException(columns + " columns of " + format.type() + ": whole blocks of " + format.blockColumns() + " are needed");
    }
  }

  int groups() {
    return PackedFormat.groups(rows);
  }

  /** Address of a group of rows: of its first strip. */
  long groupAddress(int group) {
    return address + group * format.stripBytes(columns);
  }

  /** Bytes from a strip of a group to its next. */
  long stripStride() {
    return format.stripStride(rows, columns);
  }

  long bytes() {
    return format.bytes(rows, columns);
  }
}
