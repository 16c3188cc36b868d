package dev.jebena.engine.reference;

import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.MapFunction;

/** The elementwise functions: their formulas in double, rounded once. */
final class ElementFunctions {

  private ElementFunctions() {}

  static float apply(MapFunction function, float x) {
    return switch (function) {
      case MapFunction.Activate(Activation activation) -> activate(activation, x);
      case MapFunction.Scale(float factor) -> x * factor;
      case MapFunction.SoftCap(float limit) -> softCap(x, limit);
    };
  }

  static float activate(Activation activation, float x) {
    return switch (activation) {
      case SILU -> (float) (x / (1 + StrictMath.exp(-x)));
      case GELU -> (float) (0.5 * x * (1 + erf(x / Math.sqrt(2))));
      case GELU_TANH -> (float) (0.5 * x * (1 + StrictMath.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
      case RELU -> Math.max(x, 0);
    };
  }

  static float softCap(float x, float limit) {
    return (float) (limit * StrictMath.tanh(x / (double) limit));
  }

  /**
   * The error function: near zero its power series, further out the continued fraction of its complement (Abramowitz and Stegun,
   * 7.1.6 and 7.1.14).
   */
  static double erf(double x) {
    double size = Math.abs(x);
    if (size < 2.5) {
      double term = x;
      double sum = x;
      for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
        term *= 2 * x * x / (2 * n + 1);
        sum += term;
      }
      return 2 / Math.sqrt(Math.PI) * StrictMath.exp(-x * x) * sum;
    }
    if (!(size < 6)) {
      return Double.isNaN(x) ? x : Math.signum(x);
    }
    double fraction = size;
    for (int n = 60; n >= 1; n--) {
      fraction = size + n / 2.0 / fraction;
    }
    return Math.signum(x) * (1 - StrictMath.exp(-x * x) / (Math.sqrt(Math.PI) * fraction));
  }
}
