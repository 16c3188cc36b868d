package dev.jebena.tokenizer.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Python's arithmetic. */
final class Numbers {

  private static final int MAX_BITS = 100_000;
  private static final long EXACT_IN_DOUBLE = 1L << 53;

  private Numbers() {}

  /** A Long where the value fits. */
  static Object shrink(BigInteger value) {
    if (value.bitLength() > MAX_BITS) {
      throw new Failure("an integer has " + value.bitLength() + " bits: the limit is " + MAX_BITS);
    }
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  static BigInteger big(@Nullable Object value) {
    return switch (value) {
      case Boolean bool -> bool ? BigInteger.ONE : BigInteger.ZERO;
      case Long number -> BigInteger.valueOf(number);
      case BigInteger number -> number;
      case null, default -> throw new Failure("'" + Values.typeName(value) + "' object cannot be interpreted as an integer");
    };
  }

  /** The nearest float; infinite where Python would have none. */
  static double real(@Nullable Object value) {
    return switch (value) {
      case Boolean bool -> bool ? 1 : 0;
      case Long number -> number;
      case Double number -> number;
      case BigInteger number -> number.doubleValue();
      case null, default -> throw new Failure("must be real number, not " + Values.typeName(value));
    };
  }

  /** The nearest float; an integer that is too large for one is refused. */
  static double finite(@Nullable Object value) {
    double real = real(value);
    if (value instanceof BigInteger && Double.isInfinite(real)) {
      throw new Failure("int too large to convert to float");
    }
    return real;
  }

  static boolean equal(@Nullable Object a, @Nullable Object b) {
    return !isNan(a) && !isNan(b) && compare(a, b) == 0;
  }

  private static boolean isNan(@Nullable Object value) {
    return value instanceof Double number && number.isNaN();
  }

  /** The exact order, also of integers that no float can hold; NaN is equal to all. */
  static int compare(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    }
    boolean aReal = a instanceof Double;
    boolean bReal = b instanceof Double;
    if (!aReal && !bReal) {
      return big(a).compareTo(big(b));
    }
    double x = real(a);
    double y = real(b);
    if (aReal == bReal || Double.isNaN(x + y) || Double.isInfinite(x) || Double.isInfinite(y) || Math.abs(x) < EXACT_IN_DOUBLE) {
      return x < y ? -1 : x > y ? 1 : 0;
    }
    return exact(a).compareTo(exact(b));
  }

  private static BigDecimal exact(@Nullable Object value) {
    return value instanceof Double number ? new BigDecimal(number) : new BigDecimal(big(value));
  }

  static Object add(@Nullable Object a, @Nullable Object b) {
    if (a instanceof Long x && b instanceof Long y) {
      long sum = x + y;
      return ((x ^ sum) & (y ^ sum)) < 0 ? shrink(big(a).add(big(b))) : (Object) sum;
    }
    return isReal(a, b) ? (Object) (finite(a) + finite(b)) : shrink(big(a).add(big(b)));
  }

  static Object subtract(@Nullable Object a, @Nullable Object b) {
    return isReal(a, b) ? (Object) (finite(a) - finite(b)) : shrink(big(a).subtract(big(b)));
  }

  static Object multiply(@Nullable Object a, @Nullable Object b) {
    return isReal(a, b) ? (Object) (finite(a) * finite(b)) : shrink(big(a).multiply(big(b)));
  }

  private static boolean isReal(@Nullable Object a, @Nullable Object b) {
    return a instanceof Double || b instanceof Double;
  }

  static Object divide(@Nullable Object a, @Nullable Object b) {
    requireNonZero(b, isReal(a, b) ? "float division by zero" : "division by zero");
    if (isReal(a, b) || isExact(a) && isExact(b)) {
      return finite(a) / finite(b);
    }
    double quotient = new BigDecimal(big(a)).divide(new BigDecimal(big(b)), new MathContext(60, RoundingMode.HALF_EVEN)).doubleValue();
    if (Double.isInfinite(quotient)) {
      throw new Failure("integer division result too large for a float");
    }
    return quotient;
  }

  private static boolean isExact(@Nullable Object value) {
    return !(value instanceof BigInteger) && Math.abs(real(value)) <= EXACT_IN_DOUBLE;
  }

  static Object floorDivide(@Nullable Object a, @Nullable Object b) {
    if (isReal(a, b)) {
      requireNonZero(b, "float floor division by zero");
      return floorDivide(finite(a), finite(b));
    }
    requireNonZero(b, "integer division or modulo by zero");
    return a instanceof Long x && b instanceof Long y && y != -1 ? (Object) Math.floorDiv(x, y) : shrink(floorDivide(big(a), big(b)));
  }

  static Object modulo(@Nullable Object a, @Nullable Object b) {
    if (isReal(a, b)) {
      requireNonZero(b, "float modulo");
      return modulo(finite(a), finite(b));
    }
    requireNonZero(b, "integer division or modulo by zero");
    return a instanceof Long x && b instanceof Long y
        ? (Object) Math.floorMod(x, y)
        : shrink(big(a).subtract(floorDivide(big(a), big(b)).multiply(big(b))));
  }

  private static void requireNonZero(@Nullable Object value, String message) {
    if (real(value) == 0) {
      throw new Failure(message);
    }
  }

  private static BigInteger floorDivide(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    return parts[1].signum() != 0 && parts[1].signum() != b.signum() ? parts[0].subtract(BigInteger.ONE) : parts[0];
  }

  /** As CPython computes it: the quotient goes with the remainder. */
  private static double floorDivide(double a, double b) {
    double rest = a % b;
    double quotient = (a - rest) / b;
    if (rest != 0 && rest < 0 != b < 0) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0, b);
    }
    return rest < 0 != b < 0 ? rest + b : rest;
  }

  static Object power(@Nullable Object a, @Nullable Object b) {
    if (isReal(a, b) || big(b).signum() < 0) {
      return realPower(finite(a), finite(b));
    }
    BigInteger exponent = big(b);
    if (big(a).abs().compareTo(BigInteger.ONE) > 0
        && exponent.multiply(BigInteger.valueOf(big(a).bitLength())).compareTo(BigInteger.valueOf(MAX_BITS)) > 0) {
      throw new Failure("a power has more than " + MAX_BITS + " bits");
    }
    boolean small = big(a).abs().compareTo(BigInteger.ONE) <= 0;
    int times = small ? (exponent.signum() == 0 ? 0 : exponent.testBit(0) ? 1 : 2) : exponent.intValueExact();
    return shrink(big(a).pow(times));
  }

  private static double realPower(double a, double b) {
    if (a == 0 && b < 0) {
      throw new Failure("0.0 cannot be raised to a negative power");
    }
    if (a < 0 && b != Math.rint(b) && !Double.isInfinite(a)) {
      throw new Failure("a negative number to a fractional power is a complex number, which templates do not have");
    }
    // Python keeps 1 to any power
    double power = a == 1 || b == 0 ? 1 : a == -1 && Double.isInfinite(b) ? 1 : Math.pow(a, b);
    if (Double.isInfinite(power) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
      throw new Failure("the result of a power is out of range");
    }
    return power;
  }

  static Object negate(@Nullable Object value) {
    return value instanceof Double number ? (Object) (-number) : shrink(big(value).negate());
  }

  static Object plus(@Nullable Object value) {
    return value instanceof Boolean bool ? (Object) (bool ? 1L : 0L) : Objects.requireNonNull(value);
  }

  static Object absolute(@Nullable Object value) {
    return value instanceof Double number ? (Object) Math.abs(number) : shrink(big(value).abs());
  }

  /** The integer part. */
  static Object truncate(double value) {
    if (Double.isNaN(value)) {
      throw new Failure("cannot convert float NaN to integer");
    }
    if (Double.isInfinite(value)) {
      throw new Failure("cannot convert float infinity to integer");
    }
    return shrink(new BigDecimal(value).toBigInteger());
  }
}
