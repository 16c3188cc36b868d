package dev.jebena.cuda;

/**
 * How much the arithmetic that is chosen by itself rounds where it uses tensor cores, in the TCK's terms.
 *
 * <p>A factor x is h + l, two bf16 of 8 bits each: h is off by 2^-8 of x at most and l holds that difference, again to 2^-8 of itself. Of (h + l) (h' + l') three products are taken. So
 * three things are lost for each product: what l and l' do not hold, and l l'. Each is 2^-16 of the product at most; over factors of all sizes its root mean square is (0.41 2^-8)^2 = 2^-18.6,
 * and that of the three together 2^-17.8. The products of a sum of size 1 have squares that add up to 1, so the sum is off by 2^-17.8 = 74 2^-24, however long it is; 8 standard deviations
 * are 590 2^-24.
 *
 * <p>{@code Tolerances.afterReduction} allows float32 (160 + 16 sqrt(length)) 2^-24 by the same measure of 8 standard deviations. Four times that are 704 2^-24 for a single product and 1280 for
 * 100, which hold the 590 beside float32's own; three times would be 528. Weights that two parts hold exactly (F16, BF16) lose less.
 */
final class SplitArithmetic {

  /** For {@code TckSubject.toleranceFactor}. */
  static final float TOLERANCE_FACTOR = 4;

  private SplitArithmetic() {}
}
