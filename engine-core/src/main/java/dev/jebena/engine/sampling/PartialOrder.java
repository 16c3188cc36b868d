package dev.jebena.engine.sampling;

/**
 * Selection of the best of many tokens without sorting all of them: Hoare's quickselect, by count or by weight. Tokens are keys
 * of 64 bits, a weight's bits (whose order is the weights', since none is negative) over the complement of the id.
 */
final class PartialOrder {

  private PartialOrder() {}

  static long key(float weight, int token) {
    return (long) Float.floatToRawIntBits(weight) << 32 | ~token & 0xFFFFFFFFL;
  }

  static float weight(long key) {
    return Float.intBitsToFloat((int) (key >>> 32));
  }

  /** The same token with its id in the upper half, for sorting by id. */
  static long idFirst(long key) {
    return (long) ~(int) key << 32 | key >>> 32;
  }

  static int tokenOfIdFirst(long key) {
    return (int) (key >>> 32);
  }

  static float weightOfIdFirst(long key) {
    return Float.intBitsToFloat((int) key);
  }

  /** Moves the {@code wanted} largest of {@code keys[0, count)} to the front, in no order. */
  static void largestFirst(long[] keys, int count, int wanted) {
    int from = 0;
    int to = count;
    while (to - from > 1 && from < wanted) {
      int border = partition(keys, from, to);
      if (border > wanted) {
        to = border;
      } else {
        from = border;
      }
      if (border == wanted) {
        return;
      }
    }
  }

  /**
   * Moves to the front of {@code keys[0, count)} the fewest largest whose weights reach {@code share} of all weights: a key stays
   * if the sum of the larger ones is under that.
   *
   * @return how many they are, at least 1
   */
  static int largestUntil(long[] keys, int count, float share) {
    double target = sum(keys, 0, count) * share;
    double before = 0;
    int from = 0;
    int to = count;
    while (to - from > 1) {
      int border = partition(keys, from, to);
      double reached = before + sum(keys, from, border);
      if (reached >= target) {
        to = border;
      } else {
        before = reached;
        from = border;
      }
    }
    return to;
  }

  private static double sum(long[] keys, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += weight(keys[i]);
    }
    return sum;
  }

  /** Splits {@code keys[from, to)}, two or more and all different, into larger and smaller; neither part is empty. */
  private static int partition(long[] keys, int from, int to) {
    long pivot = medianOfThree(keys[from], keys[from + to >>> 1], keys[to - 1]);
    int left = from;
    int right = to - 1;
    while (true) {
      while (keys[left] > pivot) {
        left++;
      }
      while (keys[right] < pivot) {
        right--;
      }
      if (left >= right) {
        break;
      }
      long held = keys[left];
      keys[left++] = keys[right];
      keys[right--] = held;
    }
    int border = left == right && keys[left] >= pivot ? left + 1 : left;
    return border == to ? to - 1 : border;
  }

  private static long medianOfThree(long a, long b, long c) {
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }
}
