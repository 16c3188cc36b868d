package dev.jebena.engine.shard;

import java.util.ArrayList;
import java.util.List;

/**
 * Which of some columns (or rows, or heads) each rank has, in the order of the ranks. The ranges follow one another, unless heads that
 * several ranks need are held by each of them.
 *
 * @param ranges one for each rank
 */
record Split(List<Range> ranges) {

  Split {
    ranges = List.copyOf(ranges);
  }

  /** As even as it gets; where it is not, the first ranks have one more. */
  static Split even(int count, int worldSize) {
    if (count < worldSize) {
      throw new IllegalArgumentException(count + " cannot be divided among " + worldSize);
    }
    List<Range> ranges = new ArrayList<>();
    int from = 0;
    for (int rank = 0; rank < worldSize; rank++) {
      int to = from + count / worldSize + (rank < count % worldSize ? 1 : 0);
      ranges.add(new Range(from, to));
      from = to;
    }
    return new Split(ranges);
  }

  /** Even in whole blocks of {@code unit} columns; where there are fewer blocks than ranks, even in columns. */
  static Split inBlocks(int columns, int unit, int worldSize) {
    boolean whole = columns % unit == 0 && columns / unit >= worldSize;
    return whole ? even(columns / unit, worldSize).times(unit) : even(columns, worldSize);
  }

  /** The columns of these heads, of {@code factor} columns each. */
  Split times(int factor) {
    return new Split(ranges.stream().map(range -> range.times(factor)).toList());
  }

  Range of(int rank) {
    return ranges.get(rank);
  }

  /** Whether every border is a multiple of {@code unit}. */
  boolean isOn(int unit) {
    return ranges.stream().allMatch(range -> range.from() % unit == 0 && range.to() % unit == 0);
  }

  /** Whether the ranges follow one another from the first column to the last of {@code columns}. */
  boolean covers(int columns) {
    int next = 0;
    for (Range range : ranges) {
      if (range.from() != next) {
        return false;
      }
      next = range.to();
    }
    return next == columns;
  }

  /** Where each range begins, and where the last one ends. */
  List<Integer> offsets() {
    List<Integer> offsets = new ArrayList<>(ranges.stream().map(Range::from).toList());
    offsets.add(ranges.getLast().to());
    return offsets;
  }
}
