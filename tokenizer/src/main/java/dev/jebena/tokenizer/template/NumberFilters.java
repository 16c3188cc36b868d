package dev.jebena.tokenizer.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Filters that make or format numbers. */
final class NumberFilters {

  private NumberFilters() {}

  static @Nullable Object integer(@Nullable Object input, Arguments arguments) {
    arguments.allow("default", "base");
    Object otherwise = arguments.get(0, "default", 0L);
    int base = arguments.integer(1, "base", 10);
    try {
      return switch (input) {
        case String text -> parse(text.strip().replace("_", ""), base);
        case Double number -> Numbers.truncate(number);
        case Boolean bool -> bool ? 1L : 0L;
        case Long number -> number;
        case BigInteger number -> number;
        case null, default -> otherwise;
      };
    } catch (NumberFormatException | TemplateException e) {
      return otherwise;
    }
  }

  private static Object parse(String text, int base) {
    String digits = text.toLowerCase(Locale.ROOT);
    if (base == 16 && digits.startsWith("0x") || base == 2 && digits.startsWith("0b") || base == 8 && digits.startsWith("0o")) {
      digits = digits.substring(2);
    }
    try {
      return Numbers.shrink(new BigInteger(digits, base));
    } catch (NumberFormatException e) {
      return Numbers.truncate(parseReal(text));
    }
  }

  static @Nullable Object real(@Nullable Object input, Arguments arguments) {
    arguments.allow("default");
    Object otherwise = arguments.get(0, "default", 0.0);
    try {
      return switch (input) {
        case String text -> parseReal(text.strip().replace("_", ""));
        case null -> otherwise;
        default -> Values.isNumber(input) ? (Object) Numbers.real(input) : otherwise;
      };
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private static double parseReal(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
      case "nan" -> Double.NaN;
      default -> {
        if (!text.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
          throw new NumberFormatException(text);
        }
        yield Double.parseDouble(text);
      }
    };
  }

  static Object round(@Nullable Object input, Arguments arguments) {
    arguments.allow("precision", "method");
    int precision = arguments.integer(0, "precision", 0);
    String method = arguments.text(1, "method", "common");
    if (input instanceof Long number && method.equals("common")) {
      return precision >= 0 ? number.doubleValue() : rounded(number, precision, RoundingMode.HALF_EVEN);
    }
    double value = Numbers.real(input);
    return switch (method) {
      case "common" -> rounded(value, precision, RoundingMode.HALF_EVEN);
      case "ceil" -> Math.ceil(value * Math.pow(10, precision)) / Math.pow(10, precision);
      case "floor" -> Math.floor(value * Math.pow(10, precision)) / Math.pow(10, precision);
      default -> throw new TemplateException("method must be common, ceil or floor");
    };
  }

  private static double rounded(double value, int precision, RoundingMode mode) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return value;
    }
    return new BigDecimal(value).setScale(Math.max(-400, Math.min(precision, 400)), mode).doubleValue();
  }

  static String fileSize(@Nullable Object input, Arguments arguments) {
    arguments.allow("binary");
    boolean binary = arguments.flag(0, "binary", false);
    double bytes = input instanceof String text ? parseReal(text) : Numbers.real(input);
    int base = binary ? 1024 : 1000;
    String[] units = binary
        ? new String[] {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
        : new String[] {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return (long) bytes + " Bytes";
    }
    double unit = base;
    int index = 0;
    while (index < units.length - 1 && bytes >= unit * base) {
      unit *= base;
      index++;
    }
    return String.format(Locale.ROOT, "%.1f %s", bytes / unit, units[index]);
  }
}
