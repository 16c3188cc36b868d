package dev.jebena.engine.sampling;

/**
 * The exponential function of the sampler, and softmax weights of whole rows. Plain double arithmetic without branches: it gives
 * the same bits on every machine, and the just-in-time compiler turns the loop into vector instructions.
 *
 * <p>{@code exp(x) = exp(x / 512)^512}: the Taylor polynomial of degree 10 for x / 512, which is over -0.59, and nine squarings.
 * The relative error before the rounding to float is under 1e-9.
 */
final class Exponential {

  /** Below this the result rounds to 0, and is taken for this. */
  private static final float LOWEST = -300;

  private static final int BLOCK = 1024;

  private Exponential() {}

  /** e to the power of {@code x}, which is not over 0. */
  static float exp(float x) {
    double r = Math.max(x, LOWEST) * (1.0 / 512);
    double p = 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    return (float) p;
  }

  /** Blocks of 1024 elements that {@code count} elements fill. */
  static int blocks(int count) {
    return (count + BLOCK - 1) / BLOCK;
  }

  /** The first element of a block. */
  static int blockStart(int block) {
    return block * BLOCK;
  }

  /**
   * Makes of logits softmax weights: {@code row[i] = exp((row[i] - largest) / temperature)}.
   *
   * @param blockSums receives the sum of each block
   * @return the sum of all
   */
  static double toWeights(float[] row, int offset, int count, float largest, float temperature, double[] blockSums) {
    double total = 0;
    for (int block = 0; block < blocks(count); block++) {
      int start = offset + blockStart(block);
      int length = Math.min(BLOCK, count - blockStart(block));
      weigh(row, start, length, largest, temperature);
      blockSums[block] = sum(row, start, length);
      total += blockSums[block];
    }
    return total;
  }

  /** The sum of the weights alone, at temperature 1; {@code scratch} has room for a block. */
  static double sumOfWeights(float[] logits, int offset, int count, float largest, float[] scratch) {
    double total = 0;
    for (int start = 0; start < count; start += BLOCK) {
      int length = Math.min(BLOCK, count - start);
      System.arraycopy(logits, offset + start, scratch, 0, length);
      weigh(scratch, 0, length, largest, 1);
      total += sum(scratch, 0, length);
    }
    return total;
  }

  /** Room for {@link #sumOfWeights}. */
  static float[] scratch() {
    return new float[BLOCK];
  }

  /** In place: with two arrays the compiler could not exclude that they overlap, and would not vectorise. */
  private static void weigh(float[] row, int offset, int count, float largest, float temperature) {
    for (int i = 0; i < count; i++) {
      row[offset + i] = exp((row[offset + i] - largest) / temperature);
    }
  }

  private static double sum(float[] values, int from, int count) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 3 < count; i += 4) {
      s0 += values[from + i];
      s1 += values[from + i + 1];
      s2 += values[from + i + 2];
      s3 += values[from + i + 3];
    }
    for (; i < count; i++) {
      s0 += values[from + i];
    }
    return s0 + s1 + s2 + s3;
  }
}
