package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Python's {@code sorted}: stable, and with no more of an order than "less than", so that what has none is an error and not a mess. */
final class Sorting {

  private Sorting() {}

  /** A sorted copy; with {@code reverse}, equal items keep their order, too. */
  static List<@Nullable Object> sorted(
      List<?> items, Function<@Nullable Object, @Nullable Object> key, boolean reverse, Budget budget) {
    int size = items.size();
    @Nullable Object[] keys = new Object[size];
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = reverse ? size - 1 - i : i;
      keys[i] = key.apply(items.get(i));
    }
    sort(order, new int[size], 0, size, keys, budget);
    List<@Nullable Object> sorted = new ArrayList<>(size);
    for (int index : order) {
      sorted.add(items.get(index));
    }
    return reverse ? sorted.reversed() : sorted;
  }

  private static void sort(int[] order, int[] spare, int from, int to, @Nullable Object[] keys, Budget budget) {
    if (to - from < 2) {
      return;
    }
    int middle = (from + to) >>> 1;
    sort(order, spare, from, middle, keys, budget);
    sort(order, spare, middle, to, keys, budget);
    System.arraycopy(order, from, spare, from, to - from);
    int left = from;
    int right = middle;
    for (int i = from; i < to; i++) {
      boolean takeRight = left == middle || right < to && less(keys[spare[right]], keys[spare[left]], budget);
      order[i] = takeRight ? spare[right++] : spare[left++];
    }
  }

  private static boolean less(@Nullable Object a, @Nullable Object b, Budget budget) {
    budget.step();
    return Operators.compare(Operators.Relation.LESS, a, b, budget);
  }
}
