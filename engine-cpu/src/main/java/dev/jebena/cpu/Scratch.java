package dev.jebena.cpu;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.program.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Where the values of a Program lie in one array of floats: values that are never alive together share their place. */
final class Scratch {

  private record Interval(long from, long length, int firstStage, int lastStage) {
    boolean overlaps(long otherFrom, long otherLength, int first, int last) {
      return from < otherFrom + otherLength && otherFrom < from + length && firstStage <= last && first <= lastStage;
    }
  }

  private final List<Value> values;
  private final long[] offsets;
  private final List<Interval> placed = new ArrayList<>();
  private long size;

  Scratch(List<Value> values) {
    this.values = values;
    this.offsets = new long[values.size()];
    Arrays.fill(offsets, -1);
  }

  /** Places a root value of {@code rows} rows that is alive from stage {@code firstStage} to {@code lastStage}, both included. */
  void place(Value root, int rows, int firstStage, int lastStage) {
    long length = ((long) root.columns() * rows + 15) / 16 * 16;
    long at = 0;
    boolean moved = true;
    while (moved) {
      moved = false;
      for (Interval interval : placed) {
        if (interval.overlaps(at, length, firstStage, lastStage)) {
          at = interval.from + interval.length;
          moved = true;
        }
      }
    }
    placed.add(new Interval(at, length, firstStage, lastStage));
    offsets[root.id()] = at;
    size = Math.max(size, at + length);
    if (size > Integer.MAX_VALUE - 64) {
      throw new BackendException(
          "the values of a step need " + size + " floats, an array holds " + Integer.MAX_VALUE + ": ask for fewer tokens a step");
    }
  }

  /** Floats of the array. */
  int size() {
    return (int) size;
  }

  /** Index of the value's first element in row 0. */
  int offset(Value value) {
    return (int) offsets[value.root()] + value.columnOffset();
  }

  /** Floats from one row to the next. */
  int stride(Value value) {
    return values.get(value.root()).columns();
  }
}
