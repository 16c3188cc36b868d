package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code "..." % values}. */
final class PercentFormat {

  private final String format;
  private final @Nullable Object values;
  private final Budget budget;
  private final boolean markup;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private int used;

  private PercentFormat(String format, @Nullable Object values, Budget budget, boolean markup) {
    this.format = format;
    this.values = values;
    this.budget = budget;
    this.markup = markup;
  }

  static String format(String format, @Nullable Object values, Budget budget) {
    return new PercentFormat(format, values, budget, false).format();
  }

  /** The same with what is inserted escaped for HTML. */
  static String formatMarkup(String format, @Nullable Object values, Budget budget) {
    return new PercentFormat(format, values, budget, true).format();
  }

  private String format() {
    for (int percent = format.indexOf('%'); percent >= 0; percent = format.indexOf('%', at)) {
      out.append(format, at, percent);
      at = percent + 1;
      directive();
      budget.writes(out.length());
    }
    out.append(format, at, format.length());
    int given = values instanceof Tuple tuple ? tuple.items().size() : isMapping() ? used : 1;
    if (used < given) {
      throw new Failure("not all arguments converted during string formatting");
    }
    budget.builds(out.length());
    return out.toString();
  }

  /** Python takes everything with indices for a mapping, and does not mind if it is not used. */
  private boolean isMapping() {
    return values instanceof Map<?, ?> || values instanceof List<?> || values instanceof Undefined || values instanceof Range;
  }

  private char peek() {
    if (at >= format.length()) {
      throw new Failure("incomplete format");
    }
    return format.charAt(at);
  }

  private void directive() {
    Object keyed = Values.MISSING;
    if (peek() == '(') {
      keyed = value(key());
    }
    int begin = at;
    while ("-#0 +".indexOf(peek()) >= 0) {
      at++;
    }
    String flags = format.substring(begin, at);
    long width = size();
    boolean left = flags.indexOf('-') >= 0 || width < 0;
    int precision = -1;
    if (peek() == '.') {
      at++;
      precision = (int) Math.max(0, size());
    }
    if ("hlL".indexOf(peek()) >= 0) {
      at++;
    }
    char type = peek();
    at++;
    if (type == '%') {
      out.append('%');
      return;
    }
    Object value = keyed == Values.MISSING ? nextValue() : keyed;
    String body = convert(value, type, precision, flags);
    write(body, Math.abs(width), left, flags.indexOf('0') >= 0 && "diuxXofFeEgG".indexOf(type) >= 0);
  }

  private String key() {
    int begin = ++at;
    for (int open = 1; open > 0; at++) {
      if (at >= format.length()) {
        throw new Failure("incomplete format key");
      }
      open += format.charAt(at) == '(' ? 1 : format.charAt(at) == ')' ? -1 : 0;
    }
    return format.substring(begin, at - 1);
  }

  private @Nullable Object value(String key) {
    if (!(values instanceof Map<?, ?> map)) {
      throw new Failure(values instanceof Undefined ? "the values of a format are undefined" : "format requires a mapping");
    }
    if (!map.containsKey(key)) {
      throw new Failure("the key " + PythonText.repr(key) + " is missing");
    }
    used = 1;
    return map.get(key);
  }

  private @Nullable Object nextValue() {
    if (values instanceof Tuple tuple) {
      if (used < tuple.items().size()) {
        return tuple.items().get(used++);
      }
    } else if (used == 0) {
      used++;
      return values;
    }
    throw new Failure("not enough arguments for format string");
  }

  /** A width or precision, written or given as a value. */
  private long size() {
    if (peek() == '*') {
      at++;
      if (!(nextValue() instanceof Long size)) {
        throw new Failure("* wants int");
      }
      return bounded(size);
    }
    long size = 0;
    while (peek() >= '0' && peek() <= '9') {
      size = bounded(size * 10 + format.charAt(at++) - '0');
    }
    return size;
  }

  private long bounded(long size) {
    budget.writes((int) Math.min(Math.abs(size), Integer.MAX_VALUE));
    return size;
  }

  private String convert(@Nullable Object value, char type, int precision, String flags) {
    boolean alternate = flags.indexOf('#') >= 0;
    return switch (type) {
      case 's', 'r', 'a' -> {
        String text = type == 's' ? (markup ? Markup.escaped(value) : PythonText.str(value))
            : type == 'r' ? PythonText.repr(value) : PythonText.ascii(value);
        yield precision >= 0 && precision < Strings.length(text) ? text.substring(0, text.offsetByCodePoints(0, precision)) : text;
      }
      case 'c' -> character(value);
      case 'd', 'i', 'u' -> signed(padded(truncated(value), precision), flags);
      case 'x', 'X' -> {
        String digits = prefixed(padded(integer(value, type).toString(16), precision), alternate, "0x");
        yield signed(type == 'X' ? Strings.upper(digits) : digits, flags);
      }
      case 'o' -> signed(prefixed(padded(integer(value, type).toString(8), precision), alternate, "0o"), flags);
      case 'e', 'E', 'f', 'F', 'g', 'G' -> {
        if (value instanceof Undefined undefined) {
          throw undefined.failure();
        }
        yield signed(FloatText.format(Numbers.finite(value), type, precision < 0 ? 6 : precision, alternate), flags);
      }
      default -> throw new Failure("unsupported format character '" + type + "'");
    };
  }

  private static String character(@Nullable Object value) {
    if (value instanceof Long code && code >= 0 && code <= Character.MAX_CODE_POINT) {
      return Character.toString((int) (long) code);
    }
    String text = Values.text(value);
    if (text == null || Strings.length(text) != 1) {
      throw new Failure("the format of a character requires a number or a character");
    }
    return text;
  }

  private static String truncated(@Nullable Object value) {
    return switch (value) {
      case Double number -> PythonText.str(Numbers.truncate(number));
      case Undefined undefined -> throw undefined.failure();
      case null, default -> {
        if (!Values.isNumber(value)) {
          throw new Failure("%d format: a real number is required, not " + Values.typeName(value));
        }
        yield PythonText.decimal(Numbers.big(value));
      }
    };
  }

  private static BigInteger integer(@Nullable Object value, char type) {
    if (value instanceof Double || !Values.isNumber(value)) {
      throw new Failure("%" + type + " format: an integer is required, not " + Values.typeName(value));
    }
    return Numbers.big(value);
  }

  private static String padded(String digits, int precision) {
    boolean negative = digits.startsWith("-");
    int missing = precision - digits.length() + (negative ? 1 : 0);
    return missing <= 0 ? digits : (negative ? "-" : "") + "0".repeat(missing) + digits.substring(negative ? 1 : 0);
  }

  private static String prefixed(String digits, boolean alternate, String prefix) {
    return !alternate ? digits : digits.startsWith("-") ? "-" + prefix + digits.substring(1) : prefix + digits;
  }

  private static String signed(String digits, String flags) {
    if (digits.startsWith("-")) {
      return digits;
    }
    return flags.indexOf('+') >= 0 ? "+" + digits : flags.indexOf(' ') >= 0 ? " " + digits : digits;
  }

  private void write(String body, long width, boolean left, boolean zeros) {
    int missing = (int) Math.max(0, width - Strings.length(body));
    if (missing == 0) {
      out.append(body);
    } else if (left) {
      out.append(body).repeat(' ', missing);
    } else if (zeros) {
      int sign = !body.isEmpty() && "+- ".indexOf(body.charAt(0)) >= 0 ? 1 : 0;
      int start = body.length() > sign + 1 && body.charAt(sign) == '0' && "xXoO".indexOf(body.charAt(sign + 1)) >= 0 ? sign + 2 : sign;
      out.append(body, 0, start).repeat('0', missing).append(body, start, body.length());
    } else {
      out.repeat(' ', missing).append(body);
    }
  }
}
