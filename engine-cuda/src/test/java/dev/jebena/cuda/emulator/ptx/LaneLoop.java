package dev.jebena.cuda.emulator.ptx;

/** An operation on registers, for the 32 lanes of a warp: each index is that of lane 0, lane {@code l} follows {@code l} places on. */
@FunctionalInterface
interface LaneLoop {

  /** A warp's lanes. */
  int LANES = 32;

  /**
   * Computes all lanes; those that are not active are thrown away by the caller, so it must not fail for any value.
   *
   * @param r registers of 32 and fewer bits; narrower values are zero-extended
   * @param q registers of 64 bits
   * @param d index of the result in {@code r} or {@code q}, as the operation's shape says
   */
  void apply(int[] r, long[] q, int d, int a, int b, int c);
}
