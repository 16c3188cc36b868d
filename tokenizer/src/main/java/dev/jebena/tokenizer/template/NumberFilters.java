package dev.jebena.tokenizer.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Filters that make or format numbers. */
final class NumberFilters {

  private static final int MAX_PRECISION = 400;

  private NumberFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("abs", (value, arguments, run) -> {
      arguments.positionalOnly("abs", 0, 0);
      return Numbers.absolute(number(value));
    });
    filters.put("int", (value, arguments, run) -> integer(value, arguments));
    filters.put("float", (value, arguments, run) -> {
      Object otherwise = Arguments.or(arguments.bind("float", 0, "default")[0], 0.0);
      Object real = toReal(value);
      return real == Values.MISSING ? otherwise : real;
    });
    filters.put("round", (value, arguments, run) -> round(value, arguments));
    filters.put("filesizeformat", (value, arguments, run) -> fileSize(value, arguments));
  }

  private static @Nullable Object number(@Nullable Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!Values.isNumber(value)) {
      throw new Failure("a number is needed, not " + Values.typeName(value));
    }
    return value;
  }

  private static @Nullable Object integer(@Nullable Object value, Arguments arguments) {
    @Nullable Object[] given = arguments.bind("int", 0, "default", "base");
    Object otherwise = Arguments.or(given[0], 0L);
    String text = Values.text(value);
    if (text == null) {
      return switch (value) {
        case Undefined undefined -> throw undefined.failure();
        case Double number -> number.isNaN() ? otherwise : Numbers.truncate(number);
        case null, default -> Values.isNumber(value) ? Numbers.shrink(Numbers.big(value)) : otherwise;
      };
    }
    Object parsed = NumberText.integer(text, Arguments.integer(given[1], 10));
    if (parsed != Values.MISSING) {
      return parsed;
    }
    // "42.23"|int is 42
    return NumberText.real(text) instanceof Double real && Double.isFinite(real) ? Numbers.truncate(real) : otherwise;
  }

  /** {@link Values#MISSING} where Python raises TypeError or ValueError. */
  private static Object toReal(@Nullable Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    String text = Values.text(value);
    return text != null ? NumberText.real(text) : Values.isNumber(value) ? (Object) Numbers.finite(value) : Values.MISSING;
  }

  private static Object round(@Nullable Object value, Arguments arguments) {
    @Nullable Object[] given = arguments.bind("round", 0, "precision", "method");
    Object precision = Arguments.or(given[0], 0L);
    Object method = Arguments.or(given[1], "common");
    if (!"common".equals(method) && !"ceil".equals(method) && !"floor".equals(method)) {
      throw new Failure("method must be common, ceil or floor");
    }
    number(value);
    if ("common".equals(method)) {
      return roundHalfEven(value, precision);
    }
    Object factor = Numbers.power(10L, number(precision));
    Object scaled = Numbers.multiply(value, factor);
    Object whole = scaled instanceof Double real ? Numbers.truncate("ceil".equals(method) ? Math.ceil(real) : Math.floor(real)) : scaled;
    return Numbers.divide(whole, factor);
  }

  private static Object roundHalfEven(@Nullable Object value, @Nullable Object precision) {
    boolean real = value instanceof Double;
    if (precision == null) {
      return real ? Numbers.truncate(Math.rint(Numbers.real(value))) : Numbers.plus(value);
    }
    int digits = (int) Math.max(-MAX_PRECISION, Math.min(MAX_PRECISION, Arguments.integer(precision)));
    if (!real) {
      BigInteger whole = Numbers.big(value);
      return digits >= 0
          ? Numbers.shrink(whole)
          : Numbers.shrink(new BigDecimal(whole).setScale(digits, RoundingMode.HALF_EVEN).toBigInteger());
    }
    double number = Numbers.real(value);
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return number;
    }
    return Math.copySign(new BigDecimal(number).setScale(digits, RoundingMode.HALF_EVEN).doubleValue(), number);
  }

  private static String fileSize(@Nullable Object value, Arguments arguments) {
    boolean binary = Values.isTrue(Arguments.or(arguments.bind("filesizeformat", 0, "binary")[0], false));
    if (!(toReal(value) instanceof Double bytes)) {
      throw new Failure("could not convert " + PythonText.repr(value) + " to a number of bytes");
    }
    double base = binary ? 1024 : 1000;
    String[] units = binary
        ? new String[] {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
        : new String[] {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return PythonText.str(Numbers.truncate(bytes)) + " Bytes";
    }
    double unit = base;
    for (String name : units) {
      unit *= base;
      if (bytes < unit) {
        return FloatText.format(base * bytes / unit, 'f', 1, false) + " " + name;
      }
    }
    return FloatText.format(base * bytes / unit, 'f', 1, false) + " " + units[units.length - 1];
  }
}
