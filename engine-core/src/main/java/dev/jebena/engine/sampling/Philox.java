package dev.jebena.engine.sampling;

/**
 * Philox4x32-10, a random generator without state: the key and the counter give the numbers. Source: Salmon et al., Parallel
 * Random Numbers: As Easy as 1, 2, 3, 2011.
 */
public final class Philox {

  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int KEY_STEP_0 = 0x9E3779B9;
  private static final int KEY_STEP_1 = 0xBB67AE85;
  private static final double TWO_TO_MINUS_53 = 0x1p-53;

  private Philox() {}

  /**
   * The uniform number of a seed and a counter.
   *
   * @return a multiple of 2^-53 in [0, 1)
   */
  public static double uniform(long seed, long counter) {
    return (bits(seed, counter, 0) >>> 11) * TWO_TO_MINUS_53;
  }

  /**
   * The first two of the four words that the key {@code seed} and the counter {@code (low, high)} give, the first as the high
   * half.
   */
  static long bits(long seed, long low, long high) {
    int key0 = (int) seed;
    int key1 = (int) (seed >>> 32);
    int x0 = (int) low;
    int x1 = (int) (low >>> 32);
    int x2 = (int) high;
    int x3 = (int) (high >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (x0 & 0xFFFFFFFFL);
      long product1 = MULTIPLIER_1 * (x2 & 0xFFFFFFFFL);
      x0 = (int) (product1 >>> 32) ^ x1 ^ key0;
      x1 = (int) product1;
      x2 = (int) (product0 >>> 32) ^ x3 ^ key1;
      x3 = (int) product0;
      key0 += KEY_STEP_0;
      key1 += KEY_STEP_1;
    }
    return (long) x0 << 32 | x1 & 0xFFFFFFFFL;
  }
}
