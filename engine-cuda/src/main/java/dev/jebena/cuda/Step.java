package dev.jebena.cuda;

import dev.jebena.engine.program.RowDomain;

/**
 * The sizes of one step as launches see them.
 *
 * @param rows token rows, padding included
 * @param singleRows so many of the first rows are attended one by one
 * @param tiles of the other rows
 * @param splits stretches of context that attention is divided into
 * @param firstOutput first output row of the window
 * @param outputRows output rows of the window
 * @param cache address of the KV cache
 */
record Step(int rows, int singleRows, int tiles, int splits, int firstOutput, int outputRows, long cache) {

  /** The same about another window of output rows. */
  Step window(int first, int count) {
    return new Step(rows, singleRows, tiles, splits, first, count, cache);
  }

  /** Rows that a launch over a domain has. */
  int rows(RowDomain domain) {
    return switch (domain) {
      case TOKENS -> rows;
      case OUTPUTS -> outputRows;
    };
  }
}
