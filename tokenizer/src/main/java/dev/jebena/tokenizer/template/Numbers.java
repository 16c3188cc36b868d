package dev.jebena.tokenizer.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** Python's arithmetic. */
final class Numbers {

  private static final int MAX_BITS = 100_000;

  private Numbers() {}

  /** A Long where the value fits. */
  static Object shrink(BigInteger value) {
    if (value.bitLength() > MAX_BITS) {
      throw new TemplateException("an integer has " + value.bitLength() + " bits: the limit is " + MAX_BITS);
    }
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  private static BigInteger big(@Nullable Object value) {
    return switch (value) {
      case Boolean bool -> bool ? BigInteger.ONE : BigInteger.ZERO;
      case Long number -> BigInteger.valueOf(number);
      case BigInteger number -> number;
      case null, default -> throw new IllegalArgumentException("no integer");
    };
  }

  static double real(@Nullable Object value) {
    return switch (value) {
      case Boolean bool -> bool ? 1 : 0;
      case Long number -> number;
      case Double number -> number;
      case BigInteger number -> number.doubleValue();
      case null, default -> throw new IllegalArgumentException("no number");
    };
  }

  static int compare(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    }
    if (a instanceof Double || b instanceof Double) {
      double x = real(a);
      double y = real(b);
      return x < y ? -1 : x > y ? 1 : 0;
    }
    return big(a).compareTo(big(b));
  }

  /** Applies an arithmetic operator to two numbers. */
  static Object apply(String operator, @Nullable Object a, @Nullable Object b) {
    boolean real = a instanceof Double || b instanceof Double;
    return switch (operator) {
      case "+" -> real ? (Object) (real(a) + real(b)) : shrink(big(a).add(big(b)));
      case "-" -> real ? (Object) (real(a) - real(b)) : shrink(big(a).subtract(big(b)));
      case "*" -> real ? (Object) (real(a) * real(b)) : shrink(big(a).multiply(big(b)));
      case "/" -> {
        requireNonZero(b, "division by zero");
        yield real(a) / real(b);
      }
      case "//" -> {
        requireNonZero(b, real ? "float floor division by zero" : "integer division or modulo by zero");
        yield real ? (Object) Math.floor(real(a) / real(b)) : shrink(floorDivide(big(a), big(b)));
      }
      case "%" -> {
        requireNonZero(b, real ? "float modulo" : "integer division or modulo by zero");
        yield real ? (Object) modulo(real(a), real(b)) : shrink(big(a).subtract(floorDivide(big(a), big(b)).multiply(big(b))));
      }
      case "**" -> power(a, b, real);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  private static void requireNonZero(@Nullable Object value, String message) {
    if (real(value) == 0) {
      throw new TemplateException(message);
    }
  }

  private static BigInteger floorDivide(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    return parts[1].signum() != 0 && parts[1].signum() != b.signum() ? parts[0].subtract(BigInteger.ONE) : parts[0];
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    return rest != 0 && rest < 0 != b < 0 ? rest + b : rest;
  }

  private static Object power(@Nullable Object a, @Nullable Object b, boolean real) {
    if (real || big(b).signum() < 0) {
      return Math.pow(real(a), real(b));
    }
    BigInteger exponent = big(b);
    if (big(a).abs().compareTo(BigInteger.ONE) > 0
        && exponent.multiply(BigInteger.valueOf(big(a).bitLength())).compareTo(BigInteger.valueOf(MAX_BITS)) > 0) {
      throw new TemplateException("a power has more than " + MAX_BITS + " bits");
    }
    boolean small = big(a).abs().compareTo(BigInteger.ONE) <= 0;
    int times = small ? (exponent.signum() == 0 ? 0 : exponent.testBit(0) ? 1 : 2) : exponent.intValueExact();
    return shrink(big(a).pow(times));
  }

  static Object negate(@Nullable Object value) {
    return value instanceof Double number ? (Object) (-number) : shrink(big(value).negate());
  }

  static Object plus(@Nullable Object value) {
    return value instanceof Boolean bool ? (Object) (bool ? 1L : 0L) : java.util.Objects.requireNonNull(value);
  }

  static Object absolute(@Nullable Object value) {
    return value instanceof Double number ? (Object) Math.abs(number) : shrink(big(value).abs());
  }

  /** The integer part. */
  static Object truncate(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      throw new TemplateException("cannot convert float " + PythonText.real(value) + " to integer");
    }
    return shrink(new BigDecimal(value).toBigInteger());
  }
}
