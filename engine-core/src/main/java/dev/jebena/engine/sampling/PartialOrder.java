package dev.jebena.engine.sampling;

/**
 * Tokens in the order of their logits, and the selection of the best of many without sorting all (Hoare's quickselect). A token
 * is a key of 64 bits: its logit, as an int in the order of floats, over the complement of its id. So a larger key is a better
 * token: a larger logit, of equals the lower id.
 */
final class PartialOrder {

  private PartialOrder() {}

  static long key(float logit, int token) {
    return (long) ordered(logit) << 32 | ~token & 0xFFFFFFFFL;
  }

  static float logit(long key) {
    int ordered = (int) (key >> 32);
    return Float.intBitsToFloat(ordered ^ ordered >> 31 & Integer.MAX_VALUE);
  }

  static int token(long key) {
    return ~(int) key;
  }

  /** An int in the order of the floats; both zeros become one. */
  private static int ordered(float value) {
    int bits = Float.floatToRawIntBits(value + 0.0f);
    return bits ^ bits >> 31 & Integer.MAX_VALUE;
  }

  /** The same with the id in the upper half: such keys are in the order of the ids. */
  static long byToken(long key) {
    return (long) token(key) << 32 | key >>> 32;
  }

  /** The key that {@link #byToken} made another. */
  static long fromByToken(long byToken) {
    return byToken << 32 | ~(byToken >>> 32) & 0xFFFFFFFFL;
  }

  /** Moves the {@code wanted} largest of {@code keys[0, count)} to the front, in no order. */
  static void largestFirst(long[] keys, int count, int wanted) {
    int from = 0;
    int to = count;
    while (to - from > 1 && from < wanted && wanted < to) {
      int border = partition(keys, from, to);
      if (border > wanted) {
        to = border;
      } else {
        from = border;
      }
    }
  }

  /**
   * Splits {@code keys[from, to)}, two or more and all different, into larger ones, which come first, and smaller ones.
   *
   * @return where the smaller ones begin; neither part is empty
   */
  static int partition(long[] keys, int from, int to) {
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
