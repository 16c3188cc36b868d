package dev.jebena.engine.tck;

import dev.jebena.engine.backend.KvType;

/** How far float32 arithmetic in another order may lead from the reference. */
final class Tolerances {

  private Tolerances() {}

  /**
   * The difference of two log-probabilities of size 10 or less after one reduction over {@code length} products whose sum is of
   * size 1: the errors of random signs grow with the root of the length, each a multiple of 2^-24; 8 standard deviations, and 10
   * units for the logarithm and the softmax.
   */
  static double afterReduction(int length) {
    return 0x1p-24 * (160 + 16 * Math.sqrt(length));
  }

  /**
   * What storing keys and values in a type may add to a whole model's log-probabilities where rounding falls to the other side.
   */
  static double afterCache(KvType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 0x1p-9;
      case BF16 -> 0x1p-6;
      case Q8_0 -> 0x1p-5;
      case FP8 -> 0x1p-2;
    };
  }
}
