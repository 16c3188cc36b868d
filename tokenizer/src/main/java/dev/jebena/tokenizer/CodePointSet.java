package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.function.IntPredicate;

/** An immutable set of code points, kept as the ascending borders at which membership changes. */
final class CodePointSet {

  static final CodePointSet EMPTY = new CodePointSet(new int[0]);
  static final CodePointSet ALL = new CodePointSet(new int[] {0});

  private static final int LIMIT = Character.MAX_CODE_POINT + 1;

  private final int[] borders;

  private CodePointSet(int[] borders) {
    this.borders = borders;
  }

  static CodePointSet of(int codePoint) {
    return range(codePoint, codePoint);
  }

  /** All code points from {@code first} to {@code last}. */
  static CodePointSet range(int first, int last) {
    return new CodePointSet(last + 1 == LIMIT ? new int[] {first} : new int[] {first, last + 1});
  }

  /** Asks for every code point there is. */
  static CodePointSet where(IntPredicate fits) {
    Builder builder = new Builder();
    for (int c = 0; c < LIMIT; c++) {
      builder.at(c, fits.test(c));
    }
    return builder.done();
  }

  /** The code points whose general category (a constant of {@link Character}) is one of those in a mask of bits. */
  static CodePointSet categories(int mask) {
    Builder builder = new Builder();
    for (int run = 0; run < Categories.STARTS.length; run++) {
      builder.at(Categories.STARTS[run], (mask >>> Categories.TYPES[run] & 1) != 0);
    }
    return builder.done();
  }

  boolean contains(int codePoint) {
    int at = Arrays.binarySearch(borders, codePoint);
    int bordersUpTo = at >= 0 ? at + 1 : -at - 1;
    return (bordersUpTo & 1) != 0;
  }

  boolean isEmpty() {
    return borders.length == 0;
  }

  CodePointSet complement() {
    if (borders.length > 0 && borders[0] == 0) {
      return new CodePointSet(Arrays.copyOfRange(borders, 1, borders.length));
    }
    int[] toggled = new int[borders.length + 1];
    System.arraycopy(borders, 0, toggled, 1, borders.length);
    return new CodePointSet(toggled);
  }

  CodePointSet union(CodePointSet other) {
    return combine(other, false);
  }

  CodePointSet intersect(CodePointSet other) {
    return combine(other, true);
  }

  private CodePointSet combine(CodePointSet other, boolean both) {
    Builder builder = new Builder();
    int[] a = borders;
    int[] b = other.borders;
    int i = 0;
    int j = 0;
    while (i < a.length || j < b.length) {
      int next = Math.min(i < a.length ? a[i] : LIMIT, j < b.length ? b[j] : LIMIT);
      i += i < a.length && a[i] == next ? 1 : 0;
      j += j < b.length && b[j] == next ? 1 : 0;
      boolean inA = (i & 1) != 0;
      boolean inB = (j & 1) != 0;
      builder.at(next, both ? inA && inB : inA || inB);
    }
    return builder.done();
  }

  /** The borders in ascending order; the first one begins a range of members. */
  int[] borders() {
    return borders.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CodePointSet set && Arrays.equals(borders, set.borders);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(borders);
  }

  /** Takes ascending code points from which on membership is as told. */
  private static final class Builder {

    private int[] borders = new int[16];
    private int size;

    void at(int codePoint, boolean member) {
      if (member != ((size & 1) != 0)) {
        if (size == borders.length) {
          borders = Arrays.copyOf(borders, 2 * size);
        }
        borders[size++] = codePoint;
      }
    }

    CodePointSet done() {
      return new CodePointSet(Arrays.copyOf(borders, size));
    }
  }

  /** The runs of equal general category, found once. */
  private static final class Categories {

    static final int[] STARTS;
    static final byte[] TYPES;

    static {
      int[] starts = new int[8192];
      byte[] types = new byte[8192];
      int runs = 0;
      int last = -1;
      for (int c = 0; c < LIMIT; c = next(c)) {
        int type = ReferenceUnicode.category(c);
        if (type != last) {
          if (runs == starts.length) {
            starts = Arrays.copyOf(starts, 2 * runs);
            types = Arrays.copyOf(types, 2 * runs);
          }
          starts[runs] = c;
          types[runs++] = (byte) type;
          last = type;
        }
      }
      STARTS = Arrays.copyOf(starts, runs);
      TYPES = Arrays.copyOf(types, runs);
    }

    /**
     * The next code point to ask for: no version of Unicode assigns planes 4 to 13, nor more than the beginning of plane 14, and planes 15 and
     * 16 are for private use up to their last two code points; a program that starts need not wait for three quarters of a million answers.
     */
    private static int next(int c) {
      return switch (c) {
        case 0x40000 -> 0xE0000;
        case 0xE1000 -> 0xF0000;
        case 0xF0000 -> 0xFFFFE;
        case 0x100000 -> 0x10FFFE;
        default -> c + 1;
      };
    }

    private Categories() {}
  }
}
