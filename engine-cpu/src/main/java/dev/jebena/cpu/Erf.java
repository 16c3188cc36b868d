package dev.jebena.cpu;

/** The error function, by its Maclaurin series near zero and its continued fraction beyond (Abramowitz and Stegun, 7.1.5 and 7.1.14). */
final class Erf {

  private static final double SERIES_LIMIT = 2.5;
  private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

  private Erf() {}

  /** erf(x) within 1e-12. */
  static double erf(double x) {
    double a = Math.abs(x);
    if (a > 6) {
      return Math.signum(x);
    }
    return Math.copySign(a < SERIES_LIMIT ? series(a) : 1 - complement(a), x);
  }

  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return TWO_OVER_SQRT_PI * sum;
  }

  private static double complement(double x) {
    double fraction = 0;
    for (int n = 60; n > 0; n--) {
      fraction = n / 2.0 / (x + fraction);
    }
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
  }
}
