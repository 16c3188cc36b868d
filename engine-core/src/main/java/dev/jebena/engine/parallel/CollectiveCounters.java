package dev.jebena.engine.parallel;

/**
 * What a rank has spent on collectives.
 *
 * @param calls collectives
 * @param resultBytes of their results
 * @param nanos within them, waiting for slower ranks included
 */
public record CollectiveCounters(long calls, long resultBytes, long nanos) {

  /** What was added since {@code earlier}. */
  public CollectiveCounters since(CollectiveCounters earlier) {
    return new CollectiveCounters(calls - earlier.calls, resultBytes - earlier.resultBytes, nanos - earlier.nanos);
  }
}
