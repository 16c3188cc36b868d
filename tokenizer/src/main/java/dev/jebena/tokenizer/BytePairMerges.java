package dev.jebena.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding: the pair of neighbours with the best rank is merged, leftmost first, until no pair has a rank. Source: Sennrich et
 * al., 2016. Long pieces go through a heap over a linked list, O(n log n).
 */
final class BytePairMerges {

  private static final int SHORT_PIECE = 48;
  private static final int NONE = HashSlots.EMPTY;

  /** The pair of each merge, the better one first: the left id in the upper half. */
  private final long[] pairs;
  private final int[] results;
  /** A hash table of places in {@link #pairs}, {@link #NONE} where it is empty. */
  private final int[] slots;
  /** Where two tokens are sought together if every token is a merge of its id's rank; null if merges are listed. */
  private final @Nullable TokenLookup ranked;

  private BytePairMerges(long[] pairs, int[] results, int[] slots, @Nullable TokenLookup ranked) {
    this.pairs = pairs;
    this.results = results;
    this.slots = slots;
    this.ranked = ranked;
  }

  /** Two tokens merge if their spellings together are a token, whose id is the merge's rank: no merges are kept. */
  static BytePairMerges byRank(TokenLookup tokens) {
    return new BytePairMerges(new long[0], new int[0], new int[0], tokens);
  }

  /** Collects merges. */
  static final class Builder {

    private final long[] pairs;
    private final int[] results;
    private final int[] slots;
    private int size;

    /** Room for {@code most} merges. */
    Builder(int most) {
      pairs = new long[most];
      results = new int[most];
      slots = HashSlots.of(most);
    }

    /** Adds a merge that is worse than all before it; the first of two equal ones counts. */
    void add(int left, int right, int result) {
      long pair = (long) left << 32 | right;
      int at = first(pair, slots.length);
      while (slots[at] != NONE) {
        if (pairs[slots[at]] == pair) {
          return;
        }
        at = HashSlots.next(at, slots.length);
      }
      slots[at] = size;
      pairs[size] = pair;
      results[size++] = result;
    }

    BytePairMerges build() {
      return new BytePairMerges(Arrays.copyOf(pairs, size), Arrays.copyOf(results, size), slots, null);
    }
  }

  private static int first(long pair, int slots) {
    return HashSlots.first((int) (pair * 0x9E3779B97F4A7C15L >>> 32), slots);
  }

  /** The place of a pair's merge, which is its rank; {@link #NONE} if it has none. */
  private int find(int left, int right) {
    if (ranked != null) {
      return ranked.findPair(left, right);
    }
    long pair = (long) left << 32 | right;
    int at = first(pair, slots.length);
    while (slots[at] != NONE && pairs[slots[at]] != pair) {
      at = HashSlots.next(at, slots.length);
    }
    return slots[at];
  }

  private int result(int place) {
    return ranked == null ? results[place] : place;
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
        if (found[i] >= 0 && (best < 0 || found[i] < best)) {
          best = found[i];
          at = i;
        }
      }
      if (best < 0) {
        return length;
      }
      ids[at] = result(best);
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
      if (found < 0 || found != (int) (candidate >>> 32)) {
        continue;
      }
      ids[at] = result(found);
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
        heap.add((long) found << 32 | at);
      }
    }
  }
}
