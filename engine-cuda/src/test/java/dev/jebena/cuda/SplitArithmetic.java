package dev.jebena.cuda;

/**
 * How much the arithmetic that is chosen by itself rounds where it uses tensor cores, in the TCK's terms.
 *
 * <p>A factor x is h + l, two bf16 of 8 bits each: h is off by 2^-8 of x at most and l holds that difference, again to 2^-8 of itself. Of (h + l) (h' + l') three products are taken. So
 * three things are lost for each product: what l and l' do not hold, 2^-17 of it at most, and l l', 2^-16. That is 2^-15 at most, 512 2^-24, and 2^-17.8, 74 2^-24, as root mean square.
 *
 * <p>The loss is one of a product's size, and does not shrink where a sum is short: the TCK's factors are normally distributed with spreads of up to 1.5, so a single product may have size 10.
 * Of sums of 1, 3 and 16 such products (2.2, 0.6 and 0.1 million were computed) the worst were off by 4028, 1892 and 932 2^-24, and one in 700 single products by more than 704.
 * {@code Tolerances.afterReduction} allows float32 (160 + 16 sqrt(length)) 2^-24. Sixteen times that is 2816, 3000 and 3584, which two of a million single products exceed; four times, 704, would fail by chance.
 * With one of the three products left out a sum of size 1 is off by 2^-9.3 on average, 26000 2^-24, so that is still found.
 */
final class SplitArithmetic {

  /** For {@code TckSubject.toleranceFactor}. */
  static final float TOLERANCE_FACTOR = 16;

  private SplitArithmetic() {}
}
