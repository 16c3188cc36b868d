package dev.jebena.cpu;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Where tasks leave the sums of their parts of a context, until the one that comes last merges them. Shared by the layers of one shape,
 * for no two of them run at once.
 */
final class AttentionSplits {

  private final int kvHeads;
  private final int heads;
  private final int valueGroups;
  private OnlineSums[] sums = new OnlineSums[0];
  private int partsOfUnit;
  private AtomicIntegerArray arrived = new AtomicIntegerArray(0);

  /** For units of one row of {@code heads} query heads over each of {@code kvHeads}. */
  AttentionSplits(int kvHeads, int heads, int valueGroups) {
    this.kvHeads = kvHeads;
    this.heads = heads;
    this.valueGroups = valueGroups;
  }

  /** Makes room before a step; grows by doubling, so that a growing context seldom allocates. */
  void reserve(int units, int parts) {
    if (parts > partsOfUnit) {
      partsOfUnit = Math.max(parts, 2 * partsOfUnit);
    }
    int needed = units * kvHeads * partsOfUnit;
    if (needed > sums.length) {
      int before = sums.length;
      sums = Arrays.copyOf(sums, needed);
      for (int i = before; i < needed; i++) {
        sums[i] = new OnlineSums(heads, valueGroups);
      }
    }
    if (units * kvHeads > arrived.length()) {
      arrived = new AtomicIntegerArray(units * kvHeads);
    } else {
      // a step that failed may have left counts behind
      for (int i = 0; i < arrived.length(); i++) {
        arrived.setPlain(i, 0);
      }
    }
  }

  /** Sums of a part. */
  OnlineSums part(int unit, int kvHead, int part) {
    return sums[(unit * kvHeads + kvHead) * partsOfUnit + part];
  }

  /** Says that a part is done; true for the last of {@code parts}, which then sees what the others wrote. */
  boolean completes(int unit, int kvHead, int parts) {
    int at = unit * kvHeads + kvHead;
    if (arrived.incrementAndGet(at) < parts) {
      return false;
    }
    arrived.set(at, 0);
    return true;
  }
}
