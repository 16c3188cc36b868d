package dev.jebena.tokenizer;

import java.util.Arrays;

/** Hash tables of ints with linear probing, of any size: powers of two would be up to twice as large as they have to be. */
final class HashSlots {

  /** Marks a slot in which nothing is. */
  static final int EMPTY = -1;

  private HashSlots() {}

  /** Empty slots for {@code most} entries, of which half stay empty. */
  static int[] of(int most) {
    int[] slots = new int[(int) Math.min(Integer.MAX_VALUE - 8, 2L * most + 4)];
    Arrays.fill(slots, EMPTY);
    return slots;
  }

  /** Where to look first: the upper bits of the product tell, which depend on all bits of {@code hash}. */
  static int first(int hash, int slots) {
    return (int) ((hash * 0x9E3779B1 & 0xFFFF_FFFFL) * slots >>> 32);
  }

  /** Where to look if another entry is in {@code slot}. */
  static int next(int slot, int slots) {
    return slot + 1 < slots ? slot + 1 : 0;
  }
}
