package dev.jebena.engine.parallel;

/** What connects this process to those of the other ranks. Used by one thread at a time, the same calls in the same order in every process. */
interface NodeLink {

  /** This process, from 0. */
  int node();

  /** How many processes there are. */
  int nodes();

  /**
   * Replaces the first {@code count} values by their sum over all processes, added in their order.
   *
   * @throws RankException naming the rank that failed
   */
  void allReduce(float[] values, int count);

  /**
   * Gives every process what every process has.
   *
   * @param parts what each process has: this one's is read, the others' are written
   * @param counts the values of each
   * @throws RankException naming the rank that failed
   */
  void exchange(float[][] parts, int[] counts);
}
