package dev.jebena.cpu;

import static dev.jebena.cpu.PackedFormat.GROUP_ROWS;
import static dev.jebena.cpu.PackedFormat.STRIP_ROWS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes groups of rows in the layout of {@link PackedFormat}. Codes keep their values; those that are signed in the file are moved to
 * unsigned ones (Q8_0 by 128), which decode with one shift.
 */
final class WeightPacker {

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** At most, see {@link PackedFormat#unitColumns}. */
  private static final int UNIT_COLUMNS = 32;

  private final WeightView source;
  private final MemorySegment target;
  private final PackedFormat format;
  private final BlockType type;

  /** Packs {@code source} into {@code target}, which is zero and has the size of the packed weight. */
  WeightPacker(WeightView source, MemorySegment target) {
    this.source = source;
    this.target = target;
    this.type = source.blockType();
    this.format = PackedFormat.of(type);
  }

  /** Writes one group. */
  void pack(int group) {
    int columns = source.spec().columns();
    long strip = group * format.stripBytes(columns);
    for (int first = group * GROUP_ROWS; first < (group + 1) * GROUP_ROWS; first += STRIP_ROWS) {
      packStrip(first, Math.min(STRIP_ROWS, source.spec().rows() - first), columns, strip);
      strip += format.stripStride(source.spec().rows(), columns);
    }
  }

  /** Writes rows from {@code first}; {@code rows} may be 0 or less for a strip behind the last row. */
  private void packStrip(int first, int rows, int columns, long strip) {
    long block = strip;
    int[] codes = new int[UNIT_COLUMNS];
    for (int i = 0; i < format.blocks(columns); i++) {
      for (int row = 0; row < rows; row++) {
        packRow(source.data(), ((long) first + row) * source.rowStrideBytes(), i, block, row, columns, codes);
      }
      block += format.blockBytes();
    }
  }

  private void packRow(MemorySegment in, long rowStart, int index, long block, int row, int columns, int[] codes) {
    switch (type) {
      case F32 -> target.set(INT, block + 4L * row, in.get(INT, rowStart + 4L * index));
      case F16, BF16 -> {
        int low = in.get(SHORT, rowStart + 4L * index) & 0xFFFF;
        int high = 2 * index + 1 < columns ? in.get(SHORT, rowStart + 4L * index + 2) : 0;
        target.set(INT, block + 4L * row, low | high << 16);
      }
      case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 -> packLegacy(in, rowStart + (long) index * type.bytes(), block, row, codes);
      case Q4_K, Q5_K -> packFourFiveK(in, rowStart + (long) index * type.bytes(), block, row, codes);
      case Q6_K -> packSixK(in, rowStart + (long) index * type.bytes(), block, row, codes);
    }
  }

  private void packLegacy(MemorySegment in, long at, long block, int row, int[] codes) {
    boolean hasMinimum = type == BlockType.Q4_1 || type == BlockType.Q5_1;
    boolean hasHigh = type == BlockType.Q5_0 || type == BlockType.Q5_1;
    target.set(SHORT, block + 2L * row, in.get(SHORT, at));
    long from = at + 2;
    long out = block + 2L * STRIP_ROWS;
    if (hasMinimum) {
      target.set(SHORT, out + 2L * row, in.get(SHORT, from));
      from += 2;
      out += 2L * STRIP_ROWS;
    }
    if (hasHigh) {
      int high = in.get(INT, from);
      for (int i = 0; i < 16; i++) {
        // columns 0..15 are the low nibbles of the sixteen bytes, columns 16..31 the high ones
        int pair = in.get(JAVA_BYTE, from + 4 + i);
        codes[i] = pair & 15 | (high >> i & 1) << 4;
        codes[16 + i] = pair >> 4 & 15 | (high >> 16 + i & 1) << 4;
      }
      putWords(codes, out, row);
    } else if (type == BlockType.Q8_0) {
      for (int word = 0; word < 8; word++) {
        target.set(INT, out + 4L * (word * STRIP_ROWS + row), in.get(INT, from + 4L * word) ^ 0x80808080);
      }
    } else {
      for (int word = 0; word < 4; word++) {
        target.set(INT, out + 4L * (word * STRIP_ROWS + row), nibbles(in, from + (word & 1) * 8L, (word >> 1) * 4));
      }
    }
  }

  /**
   * Writes a unit of codes of 5 or 6 bits: each word takes as many as fit 30 bits and, in its last two, its share of the one or two codes that
   * are left over, highest bits first.
   */
  private void putWords(int[] codes, long out, int row) {
    int bits = format.bits();
    int words = format.unitColumns() * bits / Integer.SIZE;
    int perWord = (Integer.SIZE - 2) / bits;
    int last = 0;
    for (int i = format.unitColumns() - 1; i >= words * perWord; i--) {
      last = last << bits | codes[i];
    }
    for (int word = 0; word < words; word++) {
      int packed = last >> 2 * (words - 1 - word) << Integer.SIZE - 2;
      for (int i = 0; i < perWord; i++) {
        packed |= codes[word * perWord + i] << bits * i;
      }
      target.set(INT, out + 4L * (word * STRIP_ROWS + row), packed);
    }
  }

  /** The nibble at {@code shift} of eight bytes, first byte lowest: neighbours move together in three steps. */
  private static int nibbles(MemorySegment in, long at, int shift) {
    long codes = in.get(LONG, at) >>> shift & 0x0F0F0F0F0F0F0F0FL;
    codes = (codes | codes >>> 4) & 0x00FF00FF00FF00FFL;
    codes = (codes | codes >>> 8) & 0x0000FFFF0000FFFFL;
    return (int) (codes | codes >>> 16);
  }

  private void packFourFiveK(MemorySegment in, long at, long block, int row, int[] codes) {
    boolean five = type == BlockType.Q5_K;
    target.set(SHORT, block + 2L * row, in.get(SHORT, at));
    target.set(SHORT, block + 2L * (STRIP_ROWS + row), in.get(SHORT, at + 2));
    long out = block + format.blockFactorBytes();
    for (int unit = 0; unit < 8; unit++) {
      target.set(JAVA_BYTE, out + row, (byte) sixBits(in, at + 4, unit, 0));
      target.set(JAVA_BYTE, out + STRIP_ROWS + row, (byte) sixBits(in, at + 4, unit, 4));
      long from = at + (five ? 48 : 16) + (unit >> 1) * 32L;
      int shift = (unit & 1) * 4;
      long words = out + format.unitFactorBytes();
      if (five) {
        for (int i = 0; i < 32; i++) {
          codes[i] = in.get(JAVA_BYTE, from + i) >> shift & 15 | (in.get(JAVA_BYTE, at + 16 + i) >> unit & 1) << 4;
        }
        putWords(codes, words, row);
      } else {
        for (int word = 0; word < 4; word++) {
          target.set(INT, words + 4L * (word * STRIP_ROWS + row), nibbles(in, from + word * 8L, shift));
        }
      }
      out += format.unitBytes();
    }
  }

  /** Six bits of the packed scales (shift 0) or minima (shift 4) of a K block; those of the last four keep two bits elsewhere. */
  private static int sixBits(MemorySegment in, long packed, int sub, int shift) {
    if (sub < 4) {
      return in.get(JAVA_BYTE, packed + sub + shift) & 63;
    }
    int low = in.get(JAVA_BYTE, packed + sub + 4) >> shift & 15;
    return low | (in.get(JAVA_BYTE, packed + sub - 4 + shift) >> 6 & 3) << 4;
  }

  private void packSixK(MemorySegment in, long at, long block, int row, int[] codes) {
    target.set(SHORT, block + 2L * row, in.get(SHORT, at + 208));
    long out = block + format.blockFactorBytes();
    for (int unit = 0; unit < 16; unit++) {
      // of 128 columns each quarter has its own place in the bits of the same bytes
      int part = unit >> 3;
      int quarter = unit >> 1 & 3;
      int half = unit & 1;
      target.set(JAVA_BYTE, out + row, in.get(JAVA_BYTE, at + 192 + unit));
      long low = at + part * 64L + (quarter & 1) * 32L + half * 16L;
      long high = at + 128 + part * 32L + half * 16L;
      for (int i = 0; i < 16; i++) {
        codes[i] = in.get(JAVA_BYTE, low + i) >> (quarter >> 1) * 4 & 15 | (in.get(JAVA_BYTE, high + i) >> quarter * 2 & 3) << 4;
      }
      putWords(codes, out + format.unitFactorBytes(), row);
      out += format.unitBytes();
    }
  }
}
