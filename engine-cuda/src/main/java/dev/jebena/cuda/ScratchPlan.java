package dev.jebena.cuda;

import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where the values of a Program lie in one stretch of memory: values that are never alive together share their place. */
final class ScratchPlan {

  /** Output rows are computed in windows of so many, so that the logits of a step never exist whole. */
  static final int WINDOW_ROWS = 32;

  private record Interval(long from, long length, int first, int last) {
    boolean overlaps(long otherFrom, long otherLength, int otherFirst, int otherLast) {
      return from < otherFrom + otherLength && otherFrom < from + length && first <= otherLast && otherFirst <= last;
    }
  }

  private final List<Value> values;
  private final Map<Integer, Long> offsets = new HashMap<>();
  private final List<Interval> placed = new ArrayList<>();
  private long bytes;

  /**
   * Places all values that the nodes touch.
   *
   * @param nodes in the order of execution, those over tokens first
   */
  ScratchPlan(List<Value> values, List<Node> nodes, Limits limits) {
    this.values = values;
    Map<Integer, int[]> lives = new HashMap<>();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      // windows of output rows come again and again: what they read outlives all of them
      int end = nodes.get(i).domain() == RowDomain.OUTPUTS ? nodes.size() : i;
      for (Value value : nodes.get(i).writes()) {
        live(lives, order, value.root(), i, end);
      }
      for (Value value : nodes.get(i).reads()) {
        live(lives, order, value.root(), i, end);
      }
    }
    for (int root : order) {
      int[] life = lives.getOrDefault(root, new int[2]);
      place(values.get(root), limits, life[0], life[1]);
    }
  }

  private static void live(Map<Integer, int[]> lives, List<Integer> order, int root, int from, int to) {
    int[] life = lives.get(root);
    if (life == null) {
      lives.put(root, new int[] {from, to});
      order.add(root);
    } else {
      life[1] = Math.max(life[1], to);
    }
  }

  /** Rows that a value has room for. */
  static int rows(RowDomain domain, Limits limits) {
    return switch (domain) {
      case TOKENS -> limits.maxTokens();
      case OUTPUTS -> Math.min(WINDOW_ROWS, limits.maxOutputRows());
    };
  }

  private void place(Value root, Limits limits, int first, int last) {
    long length = Planes.aligned(4L * root.columns() * rows(root.domain(), limits));
    long at = 0;
    boolean moved = true;
    while (moved) {
      moved = false;
      for (Interval interval : placed) {
        if (interval.overlaps(at, length, first, last)) {
          at = interval.from + interval.length;
          moved = true;
        }
      }
    }
    placed.add(new Interval(at, length, first, last));
    offsets.put(root.id(), at);
    bytes = Math.max(bytes, at + length);
  }

  /** Bytes of all places. */
  long bytes() {
    return bytes;
  }

  /** A value's place, when the memory begins at {@code base}. */
  Place place(Value value, long base) {
    Long offset = offsets.get(value.root());
    if (offset == null) {
      throw new IllegalStateException("value " + value + " has no place");
    }
    return new Place(base + offset + 4L * value.columnOffset(), values.get(value.root()).columns(), value.columns());
  }
}
