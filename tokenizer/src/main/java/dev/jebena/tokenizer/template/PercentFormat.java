package dev.jebena.tokenizer.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's {@code "..." % values}. */
final class PercentFormat {

  private static final Pattern DIRECTIVE =
      Pattern.compile("%(?:\\((?<key>[^)]*)\\))?(?<flags>[-#0 +]*)(?<width>\\d+|\\*)?(?:\\.(?<precision>\\d+))?[hlL]?(?<type>.)", Pattern.DOTALL);
  private static final int MAX_WIDTH = 10_000;

  private PercentFormat() {}

  static String format(String format, @Nullable Object values) {
    List<@Nullable Object> items = values instanceof Tuple tuple ? tuple.items() : List.of();
    boolean single = !(values instanceof Tuple);
    int used = 0;
    StringBuilder out = new StringBuilder();
    Matcher directive = DIRECTIVE.matcher(format);
    int at = 0;
    for (int percent = format.indexOf('%'); percent >= 0; percent = format.indexOf('%', at)) {
      out.append(format, at, percent);
      if (!directive.find(percent) || directive.start() != percent) {
        throw new TemplateException("incomplete format");
      }
      at = directive.end();
      if (directive.group("type").equals("%")) {
        out.append('%');
        continue;
      }
      Object value;
      String key = directive.group("key");
      if (key != null) {
        if (!(values instanceof Map<?, ?> map)) {
          throw new TemplateException("format requires a mapping");
        }
        if (!map.containsKey(key)) {
          throw new TemplateException("the key '" + key + "' is missing");
        }
        value = Values.of(map.get(key));
      } else if (single && used == 0) {
        value = values;
        used++;
      } else if (!single && used < items.size()) {
        value = items.get(used++);
      } else {
        throw new TemplateException("not enough arguments for format string");
      }
      out.append(one(directive, value));
    }
    if (!single && used < items.size() || single && used == 0 && !(values instanceof Map<?, ?>)) {
      throw new TemplateException("not all arguments converted during string formatting");
    }
    return out.append(format, at, format.length()).toString();
  }

  private static String one(Matcher directive, @Nullable Object value) {
    String flags = directive.group("flags");
    int precision = directive.group("precision") == null ? -1 : bounded(directive.group("precision"));
    int width = directive.group("width") == null ? 0 : bounded(directive.group("width"));
    char type = directive.group("type").charAt(0);
    String body = switch (type) {
      case 's', 'r', 'a' -> {
        String text = type == 's' ? PythonText.str(value) : PythonText.repr(value);
        yield precision >= 0 && precision < text.length() ? text.substring(0, precision) : text;
      }
      case 'c' -> value instanceof Long code ? Character.toString((int) (long) code) : PythonText.str(value);
      case 'd', 'i', 'u' -> signed(integer(value).toString(), flags);
      case 'x' -> signed(integer(value).toString(16), flags);
      case 'X' -> signed(integer(value).toString(16).toUpperCase(Locale.ROOT), flags);
      case 'o' -> signed(integer(value).toString(8), flags);
      case 'f', 'F' -> signed(fixed(real(value), precision < 0 ? 6 : precision), flags);
      case 'e', 'E', 'g', 'G' -> signed(scientific(real(value), precision < 0 ? 6 : precision, type), flags);
      default -> throw new TemplateException("unsupported format character '" + type + "'");
    };
    if (body.length() >= width) {
      return body;
    }
    String padding = " ".repeat(width - body.length());
    if (flags.indexOf('-') >= 0) {
      return body + padding;
    }
    if (flags.indexOf('0') >= 0 && "diuxXofFeEgG".indexOf(type) >= 0) {
      boolean hasSign = !body.isEmpty() && "+- ".indexOf(body.charAt(0)) >= 0;
      String zeros = "0".repeat(width - body.length());
      return hasSign ? body.charAt(0) + zeros + body.substring(1) : zeros + body;
    }
    return padding + body;
  }

  private static int bounded(String digits) {
    if (digits.length() > 5 || digits.equals("*") || Integer.parseInt(digits) > MAX_WIDTH) {
      throw new TemplateException("a format asks for " + digits + " characters: the limit is " + MAX_WIDTH);
    }
    return Integer.parseInt(digits);
  }

  private static String signed(String digits, String flags) {
    if (digits.startsWith("-")) {
      return digits;
    }
    return flags.indexOf('+') >= 0 ? "+" + digits : flags.indexOf(' ') >= 0 ? " " + digits : digits;
  }

  private static BigInteger integer(@Nullable Object value) {
    return switch (value) {
      case Boolean bool -> bool ? BigInteger.ONE : BigInteger.ZERO;
      case Long number -> BigInteger.valueOf(number);
      case BigInteger number -> number;
      case Double number -> new BigDecimal(number).toBigInteger();
      case null, default -> throw new TemplateException("%d format: a real number is required, not " + Values.typeName(value));
    };
  }

  private static double real(@Nullable Object value) {
    if (!Values.isNumber(value)) {
      throw new TemplateException("must be real number, not " + Values.typeName(value));
    }
    return Numbers.real(value);
  }

  static String fixed(double value, int precision) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return PythonText.real(value);
    }
    String digits = new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    return value < 0 && !digits.startsWith("-") || value == 0 && 1 / value < 0 ? "-" + digits : digits;
  }

  static String scientific(double value, int precision, char type) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return PythonText.real(value);
    }
    boolean upper = Character.isUpperCase(type);
    String text;
    if (Character.toLowerCase(type) == 'e') {
      text = String.format(Locale.ROOT, "%." + precision + "e", value);
    } else {
      int digits = Math.max(1, precision);
      String probe = String.format(Locale.ROOT, "%." + (digits - 1) + "e", value);
      int power = Integer.parseInt(probe.substring(probe.indexOf('e') + 1));
      if (power < -4 || power >= digits) {
        String mantissa = probe.substring(0, probe.indexOf('e'));
        text = trimmed(mantissa) + probe.substring(probe.indexOf('e'));
      } else {
        text = trimmed(fixed(value, digits - 1 - power));
      }
    }
    return upper ? text.toUpperCase(Locale.ROOT) : text;
  }


  private static String trimmed(String digits) {
    return digits.indexOf('.') < 0 ? digits : digits.replaceAll("0+$", "").replaceAll("\\.$", "");
  }
}
