package dev.jebena.cuda;

import dev.jebena.engine.backend.Limits;

/** Numbers of rows that decoding steps are padded to, so that few graphs serve all of them. */
record Buckets(Limits limits) {

  private static final int FINE = 32;
  private static final int COARSE_STEP = 32;

  /** Up to 32 rows the next of 1, 2, 4, 8, 16, 24, 32, then multiples of 32. */
  static int padded(int count) {
    if (count <= 8) {
      return count <= 1 ? count : Integer.highestOneBit(2 * count - 1);
    }
    return count <= FINE ? Math.ceilDiv(count, 8) * 8 : Math.ceilDiv(count, COARSE_STEP) * COARSE_STEP;
  }

  int rows(int count) {
    return Math.min(padded(count), limits.maxTokens());
  }

  int outputs(int count) {
    return Math.min(padded(count), limits.maxOutputRows());
  }
}
