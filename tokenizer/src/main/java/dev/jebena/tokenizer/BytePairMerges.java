package dev.jebena.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding: the pair of neighbours with the best rank is merged, leftmost first, until no pair has a rank. Source: Sennrich et
 * al., 2016. Long pieces go through a heap over a linked list, O(n log n).
 */
final class BytePairMerges {

  private static final int SHORT_PIECE = 48;
  private static final int NONE = -1;

  private final long[] pairs;
  private final int[] places;
  private final int[] ranks;
  private final int[] merged;
  private final int mask;

  private BytePairMerges(Builder builder) {
    this.pairs = builder.pairs;
    this.places = builder.places;
    this.ranks = builder.ranks == null ? new int[0] : Arrays.copyOf(builder.ranks, builder.size);
    this.merged = Arrays.copyOf(builder.merged, builder.size);
    this.mask = pairs.length - 1;
  }

  /** Collects merges. */
  static final class Builder {

    private long[] pairs;
    private int[] places;
    private int[] merged;
    private int @Nullable [] ranks;
    private int size;

    Builder(int expected) {
      merged = new int[Math.max(8, expected)];
      pairs = new long[tableSize(merged.length)];
      places = new int[pairs.length];
      Arrays.fill(pairs, NONE);
    }

    private static int tableSize(int merges) {
      return Integer.highestOneBit(Math.max(8, merges + merges / 3)) * 2;
    }

    /** Adds a merge that is worse than all before it; the first of two equal ones counts. */
    void add(int left, int right, int result) {
      if (merged.length == size) {
        grow();
      }
      long pair = (long) left << 32 | right;
      int at = slot(pair, pairs.length - 1);
      while (pairs[at] != NONE) {
        if (pairs[at] == pair) {
          return;
        }
        at = at + 1 & pairs.length - 1;
      }
      pairs[at] = pair;
      places[at] = size;
      merged[size++] = result;
    }

    /** Adds a merge of that rank; either all merges have one or none. */
    void add(int left, int right, int result, int rank) {
      int before = size;
      add(left, right, result);
      int[] all = ranks == null ? new int[merged.length] : ranks;
      all = all.length < merged.length ? Arrays.copyOf(all, merged.length) : all;
      if (size > before) {
        all[before] = rank;
      }
      ranks = all;
    }

    private void grow() {
      merged = Arrays.copyOf(merged, 2 * size);
      long[] old = pairs;
      int[] oldPlaces = places;
      int length = tableSize(merged.length);
      if (length > old.length) {
        pairs = new long[length];
        places = new int[length];
        Arrays.fill(pairs, NONE);
        for (int i = 0; i < old.length; i++) {
          if (old[i] != NONE) {
            int at = slot(old[i], length - 1);
            while (pairs[at] != NONE) {
              at = at + 1 & length - 1;
            }
            pairs[at] = old[i];
            places[at] = oldPlaces[i];
          }
        }
      }
    }

    BytePairMerges build() {
      return new BytePairMerges(this);
    }
  }

  private static int slot(long pair, int mask) {
    long hash = pair * 0x9E3779B97F4A7C15L;
    return (int) (hash >>> 32) & mask;
  }

  /** The place of a pair's merge, {@link #NONE} if it has none. */
  private int find(int left, int right) {
    long pair = (long) left << 32 | right;
    int at = slot(pair, mask);
    while (pairs[at] != NONE) {
      if (pairs[at] == pair) {
        return places[at];
      }
      at = at + 1 & mask;
    }
    return NONE;
  }

  private int rank(int place) {
    return ranks.length == 0 ? place : ranks[place];
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
    int[] found = new int[Math.max(1, count)];
    for (int i = 0; i + 1 < length; i++) {
      found[i] = find(ids[i], ids[i + 1]);
    }
    while (length > 1) {
      int best = NONE;
      int at = NONE;
      for (int i = 0; i + 1 < length; i++) {
        if (found[i] >= 0 && (best < 0 || rank(found[i]) < rank(best))) {
          best = found[i];
          at = i;
        }
      }
      if (best < 0) {
        return length;
      }
      ids[at] = merged[best];
      int moved = length - at - 2;
      System.arraycopy(ids, at + 2, ids, at + 1, moved);
      System.arraycopy(found, at + 2, found, at + 1, moved);
      if (widths != null) {
        widths[at] += widths[at + 1];
        System.arraycopy(widths, at + 2, widths, at + 1, moved);
      }
      length--;
      if (at > 0) {
        found[at - 1] = find(ids[at - 1], ids[at]);
      }
      if (at + 1 < length) {
        found[at] = find(ids[at], ids[at + 1]);
      }
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
      int found = ids[at] < 0 || right < 0 ? NONE : find(ids[at], ids[right]);
      if (found < 0 || rank(found) != (int) (candidate >>> 32)) {
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
        heap.add((long) rank(found) << 32 | at);
      }
    }
  }
}
