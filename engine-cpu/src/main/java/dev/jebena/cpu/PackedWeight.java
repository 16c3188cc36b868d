package dev.jebena.cpu;

/**
 * A repacked weight: {@code rows x columns} in {@code format}, from {@code address}.
 *
 * @param address first byte, aligned to 64; valid while the WeightSet is open
 */
record PackedWeight(PackedFormat format, int rows, int columns, long address) {

  int groups() {
    return PackedFormat.groups(rows);
  }

  /** Address of block {@code block} of group {@code group}. */
  long blockAddress(int group, int block) {
    return address + group * format.groupBytes(columns) + (long) block * format.blockBytes();
  }

  long bytes() {
    return format.bytes(rows, columns);
  }
}
