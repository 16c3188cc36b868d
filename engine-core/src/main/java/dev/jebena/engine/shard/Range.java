package dev.jebena.engine.shard;

/**
 * The numbers {@code [from, to)}: columns, rows or heads.
 *
 * @param from the first
 * @param to the first that does not belong to it any more
 */
public record Range(int from, int to) {

  public Range {
    if (from < 0 || to <= from) {
      throw new IllegalArgumentException("the range " + from + " to " + to + " is empty");
    }
  }

  /** How many there are. */
  public int size() {
    return to - from;
  }

  /** The columns of these heads, of {@code factor} columns each. */
  Range times(int factor) {
    return new Range(from * factor, to * factor);
  }

  /** The smallest range around this one whose ends are multiples of {@code unit}. */
  Range widened(int unit) {
    return new Range(from / unit * unit, Math.ceilDiv(to, unit) * unit);
  }

  @Override
  public String toString() {
    return from + ":" + to;
  }
}
