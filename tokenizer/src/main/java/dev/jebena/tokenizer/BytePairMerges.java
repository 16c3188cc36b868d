package dev.jebena.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding: the pair of neighbours with the best rank is merged, leftmost first, until no pair has a rank. Source: Sennrich et
 * al., 2016. Long pieces go through a heap over a linked list, O(n log n).
 */
final class BytePairMerges {

  private static final int SHORT_PIECE = 48;

  private final long[] pairs;
  private final int[] ranks;
  private final int[] merged;
  private final int mask;

  private BytePairMerges(long[] pairs, int[] ranks, int[] merged) {
    this.pairs = pairs;
    this.ranks = ranks;
    this.merged = merged;
    this.mask = pairs.length - 1;
  }

  /** Collects merges, best first. */
  static final class Builder {

    private final long[] pairs;
    private final int[] ranks;
    private final int[] merged;
    private int next;

    Builder(int expected) {
      int size = Integer.highestOneBit(Math.max(8, expected)) * 4;
      pairs = new long[size];
      ranks = new int[size];
      merged = new int[size];
      Arrays.fill(pairs, -1);
    }

    /** Adds the next merge; the first of two equal ones counts. */
    void add(int left, int right, int result) {
      long pair = (long) left << 32 | right;
      int at = slot(pair, pairs.length - 1);
      while (pairs[at] != -1) {
        if (pairs[at] == pair) {
          next++;
          return;
        }
        at = at + 1 & pairs.length - 1;
      }
      pairs[at] = pair;
      ranks[at] = next++;
      merged[at] = result;
    }

    BytePairMerges build() {
      return new BytePairMerges(pairs, ranks, merged);
    }
  }

  private static int slot(long pair, int mask) {
    long hash = pair * 0x9E3779B97F4A7C15L;
    return (int) (hash >>> 32) & mask;
  }

  private int find(int left, int right) {
    long pair = (long) left << 32 | right;
    int at = slot(pair, mask);
    while (pairs[at] != -1) {
      if (pairs[at] == pair) {
        return at;
      }
      at = at + 1 & mask;
    }
    return -1;
  }

  /** Merges {@code ids[0, length)} in place and returns the new length. */
  int merge(int[] ids, int length) {
    return merge(ids, null, length);
  }

  /** As {@link #merge(int[], int)}; the widths of merged ids are added up. */
  int merge(int[] ids, int @Nullable [] widths, int length) {
    return length <= SHORT_PIECE ? mergeShort(ids, widths, length) : mergeLong(ids, widths, length);
  }

  private int mergeShort(int[] ids, int @Nullable [] widths, int count) {
    int length = count;
    while (length > 1) {
      int best = -1;
      int bestAt = -1;
      for (int i = 0; i + 1 < length; i++) {
        int found = find(ids[i], ids[i + 1]);
        if (found >= 0 && (best < 0 || ranks[found] < ranks[best])) {
          best = found;
          bestAt = i;
        }
      }
      if (best < 0) {
        return length;
      }
      ids[bestAt] = merged[best];
      System.arraycopy(ids, bestAt + 2, ids, bestAt + 1, length - bestAt - 2);
      if (widths != null) {
        widths[bestAt] += widths[bestAt + 1];
        System.arraycopy(widths, bestAt + 2, widths, bestAt + 1, length - bestAt - 2);
      }
      length--;
    }
    return length;
  }

  /** Candidates are numbers of rank and place, so that the heap needs no objects. */
  private int mergeLong(int[] ids, int @Nullable [] widths, int length) {
    int[] next = new int[length];
    int[] previous = new int[length];
    LongHeap heap = new LongHeap(length);
    for (int i = 0; i < length; i++) {
      next[i] = i + 1 < length ? i + 1 : -1;
      previous[i] = i - 1;
      offer(heap, ids, i, next[i]);
    }
    while (!heap.isEmpty()) {
      long candidate = heap.poll();
      int at = (int) candidate;
      int right = next[at];
      int found = ids[at] < 0 || right < 0 ? -1 : find(ids[at], ids[right]);
      if (found < 0 || ranks[found] != (int) (candidate >>> 32)) {
        continue;
      }
      ids[at] = merged[found];
      ids[right] = -1;
      next[at] = next[right];
      if (widths != null) {
        widths[at] += widths[right];
      }
      if (next[right] >= 0) {
        previous[next[right]] = at;
      }
      if (previous[at] >= 0) {
        offer(heap, ids, previous[at], at);
      }
      offer(heap, ids, at, next[at]);
    }
    int kept = 0;
    for (int i = 0; i >= 0; i = next[i]) {
      if (widths != null) {
        widths[kept] = widths[i];
      }
      ids[kept++] = ids[i];
    }
    return kept;
  }

  private void offer(LongHeap heap, int[] ids, int at, int right) {
    if (right >= 0) {
      int found = find(ids[at], ids[right]);
      if (found >= 0) {
        heap.add((long) ranks[found] << 32 | at);
      }
    }
  }
}
