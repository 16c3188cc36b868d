package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads numbers as Python's {@code int} and {@code float} do. */
final class NumberText {

  private static final Pattern REAL =
      Pattern.compile("[+-]?(?:\\d++(?:_\\d++)*+\\.?(?:\\d++(?:_\\d++)*+)?|\\.\\d++(?:_\\d++)*+)(?:[eE][+-]?\\d++(?:_\\d++)*+)?");
  private static final Pattern INTEGER = Pattern.compile("([+-]?)(0[xXoObB]_?)?([0-9a-zA-Z]++(?:_[0-9a-zA-Z]++)*+)");

  private NumberText() {}

  /** The integer, or {@link Values#MISSING}. */
  static Object integer(String text, long base) {
    if (base != 0 && (base < 2 || base > 36)) {
      return Values.MISSING;
    }
    Matcher parts = INTEGER.matcher(ascii(StringMethods.strip(text, null, true, true)));
    if (!parts.matches()) {
      return Values.MISSING;
    }
    String prefix = parts.group(2) == null ? "" : parts.group(2);
    String digits = parts.group(3).replace("_", "");
    int radix = (int) base;
    int named = prefix.isEmpty() ? 10 : radix(prefix.charAt(1));
    if (!prefix.isEmpty() && base != 0 && base != named) {
      // what looks like a prefix may be digits of a larger base: 0b1 in base 16
      digits = prefix.replace("_", "") + digits;
      prefix = "";
    }
    if (base == 0) {
      radix = named;
      if (prefix.isEmpty() && digits.startsWith("0") && !digits.chars().allMatch(c -> c == '0')) {
        return Values.MISSING;
      }
    }
    if (digits.length() > PythonText.MAX_DIGITS && Integer.bitCount(radix) > 1) {
      return Values.MISSING;
    }
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), radix) < 0) {
        return Values.MISSING;
      }
    }
    BigInteger magnitude = new BigInteger(digits, radix);
    return Numbers.shrink(parts.group(1).equals("-") ? magnitude.negate() : magnitude);
  }

  private static int radix(char letter) {
    return switch (letter) {
      case 'x', 'X' -> 16;
      case 'o', 'O' -> 8;
      default -> 2;
    };
  }

  /** The float, or {@link Values#MISSING}. */
  static Object real(String text) {
    String digits = ascii(StringMethods.strip(text, null, true, true));
    return switch (Strings.lower(digits)) {
      case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
      case "nan", "+nan", "-nan" -> Double.NaN;
      default -> REAL.matcher(digits).matches() ? (Object) Double.valueOf(digits.replace("_", "")) : Values.MISSING;
    };
  }

  /** The digits of any script as ASCII's. */
  private static String ascii(String text) {
    if (text.chars().allMatch(c -> c < 0x80)) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(c -> out.appendCodePoint(Strings.isDecimal(c) ? '0' + Character.digit(c, 10) : c));
    return out.toString();
  }
}
