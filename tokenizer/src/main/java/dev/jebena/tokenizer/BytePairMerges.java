package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.PriorityQueue;

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
    return length <= SHORT_PIECE ? mergeShort(ids, length) : mergeLong(ids, length);
  }

  private int mergeShort(int[] ids, int count) {
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
      length--;
    }
    return length;
  }

  private record Candidate(int rank, int at, int left, int right) implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      return rank != other.rank ? Integer.compare(rank, other.rank) : Integer.compare(at, other.at);
    }
  }

  private int mergeLong(int[] ids, int length) {
    int[] next = new int[length];
    int[] previous = new int[length];
    PriorityQueue<Candidate> queue = new PriorityQueue<>(length);
    for (int i = 0; i < length; i++) {
      next[i] = i + 1 < length ? i + 1 : -1;
      previous[i] = i - 1;
      offer(queue, ids, i, next[i]);
    }
    while (!queue.isEmpty()) {
      Candidate candidate = queue.poll();
      int at = candidate.at;
      int right = next[at];
      if (ids[at] != candidate.left || right < 0 || ids[right] != candidate.right) {
        continue;
      }
      ids[at] = merged[find(candidate.left, candidate.right)];
      ids[right] = -1;
      next[at] = next[right];
      if (next[right] >= 0) {
        previous[next[right]] = at;
      }
      if (previous[at] >= 0) {
        offer(queue, ids, previous[at], at);
      }
      offer(queue, ids, at, next[at]);
    }
    int kept = 0;
    for (int i = 0; i >= 0; i = next[i]) {
      ids[kept++] = ids[i];
    }
    return kept;
  }

  private void offer(PriorityQueue<Candidate> queue, int[] ids, int at, int right) {
    if (right >= 0) {
      int found = find(ids[at], ids[right]);
      if (found >= 0) {
        queue.add(new Candidate(ranks[found], at, ids[at], ids[right]));
      }
    }
  }
}
