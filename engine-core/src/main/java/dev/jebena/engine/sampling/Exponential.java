package dev.jebena.engine.sampling;

/**
 * The exponential function of the sampler: plain float32 arithmetic, so that it gives the same bits on every machine.
 *
 * <p>{@code exp(x) = 2^n exp(r)} with n the integer nearest to x / ln 2, ln 2 in two parts so that r is exact to float32's
 * precision (Cody and Waite, 1980), and the Taylor polynomial of degree 7 for r, which is at most ln 2 / 2 in size. Relative
 * error under 2e-7.
 */
final class Exponential {

  private static final float LOWEST = -87.0f;
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 355f / 512;
  private static final float LN2_LOW = -2.1219444e-4f;
  /** Adding 1.5 * 2^23 leaves no bits for a fraction: the sum is rounded to an integer. */
  private static final float TO_INTEGER = 12582912f;
  /** Makes of the bits of n + {@link #TO_INTEGER} the exponent bits of 2^n; what is above them is shifted out. */
  private static final int EXPONENT_BIAS = 127;

  private Exponential() {}

  /** e to the power of {@code x}, which is not over 0; 0 below -87. */
  static float exp(float x) {
    if (!(x >= LOWEST)) {
      return 0;
    }
    float rounded = x * LOG2_E + TO_INTEGER;
    float n = rounded - TO_INTEGER;
    float r = (x - n * LN2_HIGH) - n * LN2_LOW;
    float p = 1 / 5040f;
    p = p * r + 1 / 720f;
    p = p * r + 1 / 120f;
    p = p * r + 1 / 24f;
    p = p * r + 1 / 6f;
    p = p * r + 0.5f;
    p = p * r * r + r + 1;
    return p * Float.intBitsToFloat(Float.floatToRawIntBits(rounded) + EXPONENT_BIAS << 23);
  }
}
