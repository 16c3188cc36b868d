package dev.jebena.server.cli;

import java.util.List;

/**
 * What a client saw of one request.
 *
 * @param startNanos when it was sent
 * @param arrivals when each piece of text came
 * @param endNanos when the answer was complete
 * @param promptTokens by the server's count
 * @param outputTokens by the server's count, or the number of pieces if it gave none
 * @param error empty if it was answered
 */
record LoadRecord(long startNanos, List<Long> arrivals, long endNanos, long promptTokens, long outputTokens, String error) {

  LoadRecord {
    arrivals = List.copyOf(arrivals);
  }

  boolean completed() {
    return error.isEmpty();
  }

  /** Time to the first token, in milliseconds. */
  double ttftMillis() {
    return arrivals.isEmpty() ? 0 : (arrivals.getFirst() - startNanos) / 1e6;
  }

  /** Time of the whole request, in milliseconds. */
  double e2eMillis() {
    return (arrivals.isEmpty() ? endNanos - startNanos : arrivals.getLast() - startNanos) / 1e6;
  }

  /** Time for each token after the first, in milliseconds; 0 if there was no second. */
  double tpotMillis() {
    return outputTokens < 2 ? 0 : (e2eMillis() - ttftMillis()) / (outputTokens - 1);
  }
}
