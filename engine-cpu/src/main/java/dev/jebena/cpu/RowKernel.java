package dev.jebena.cpu;

/** An operation whose output row depends on the same row of its inputs alone, so that several of them need no barrier in between. */
@FunctionalInterface
interface RowKernel {

  /** Computes row {@code row} of the stage's domain. */
  void run(int row, int worker);
}
