package dev.jebena.tokenizer.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Floats with a precision, as C's {@code printf} and Python write them: correctly rounded from the exact value, halves to even. */
final class FloatText {

  private static final int MAX_PRECISION = 100_000;

  private FloatText() {}

  /** Writes a float with a format character. */
  static String format(double value, char type, int precision, boolean alternate) {
    if (precision > MAX_PRECISION) {
      throw new Failure("a format asks for " + precision + " digits: the limit is " + MAX_PRECISION);
    }
    String text;
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      text = PythonText.real(value);
    } else {
      text = switch (type) {
        case 'e', 'E' -> scientific(value, precision, alternate);
        case 'f', 'F' -> fixed(value, precision) + (alternate && precision == 0 ? "." : "");
        default -> general(value, Math.max(1, precision), alternate, Point.AS_NEEDED);
      };
    }
    return Character.isUpperCase(type) ? Strings.upper(text) : text;
  }

  /** Whether a number without a fraction shows one. */
  enum Point {
    AS_NEEDED,
    ALWAYS
  }

  static String fixed(double value, int precision) {
    String digits = new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).abs().toPlainString();
    return isNegative(value) ? "-" + digits : digits;
  }

  private static boolean isNegative(double value) {
    return value < 0 || value == 0 && 1 / value < 0;
  }

  /** The {@code count} first digits and the power of ten of the first. */
  private record Digits(String digits, int exponent) {

    static Digits of(double value, int count) {
      if (value == 0) {
        return new Digits("0".repeat(count), 0);
      }
      BigDecimal rounded = new BigDecimal(value).abs().round(new MathContext(count, RoundingMode.HALF_EVEN));
      String digits = rounded.unscaledValue().toString();
      int exponent = digits.length() - rounded.scale() - 1;
      return new Digits(digits.length() >= count ? digits.substring(0, count) : digits + "0".repeat(count - digits.length()), exponent);
    }

    String scientific(String fraction) {
      int size = Math.abs(exponent);
      return digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+") + (size < 10 ? "0" : "") + size;
    }
  }

  private static String scientific(double value, int precision, boolean alternate) {
    Digits digits = Digits.of(value, precision + 1);
    String fraction = precision == 0 ? (alternate ? "." : "") : "." + digits.digits.substring(1);
    return (isNegative(value) ? "-" : "") + digits.scientific(fraction);
  }

  /** The shorter form, with {@code precision} digits. */
  static String general(double value, int precision, boolean alternate, Point point) {
    Digits digits = Digits.of(value, precision);
    int limit = point == Point.ALWAYS ? precision - 1 : precision;
    if (digits.exponent < -4 || digits.exponent >= limit) {
      String fraction = digits.digits.substring(1);
      String kept = alternate ? fraction : trimmed(fraction);
      String all = digits.scientific(kept.isEmpty() ? (alternate ? "." : "") : "." + kept);
      return isNegative(value) ? "-" + all : all;
    }
    String text = fixed(value, Math.max(0, precision - 1 - digits.exponent));
    if (text.indexOf('.') >= 0 && !alternate) {
      text = trimmed(text);
      text = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    }
    if (text.indexOf('.') < 0 && (alternate || point == Point.ALWAYS)) {
      text += alternate && point == Point.AS_NEEDED ? "." : ".0";
    }
    return text;
  }

  private static String trimmed(String digits) {
    int end = digits.length();
    while (end > 0 && digits.charAt(end - 1) == '0') {
      end--;
    }
    return digits.substring(0, end);
  }
}
