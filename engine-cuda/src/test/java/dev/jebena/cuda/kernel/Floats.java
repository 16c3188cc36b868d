package dev.jebena.cuda.kernel;

import java.util.Random;

/** Random numbers and comparisons that the tests share. */
final class Floats {

  private Floats() {}

  static float[] random(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** A seed to print, so that a failure can be repeated with {@code -Djebena.seed}. */
  static Random seeded(String test) {
    long seed = Long.getLong("jebena.seed", System.nanoTime());
    System.out.println(test + ": -Djebena.seed=" + seed);
    return new Random(seed);
  }
}
