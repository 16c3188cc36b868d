package dev.jebena.tokenizer.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** How Python writes values: {@code str}, {@code repr} and {@code ascii}. */
final class PythonText {

  /** Python writes no longer integers in decimal. */
  static final int MAX_DIGITS = 4300;

  private static final int MAX_DEPTH = 200;

  private PythonText() {}

  static String str(@Nullable Object value) {
    return switch (value) {
      case String text -> text;
      case Undefined undefined -> "";
      case Markup markup -> markup.text();
      case null, default -> repr(value);
    };
  }

  static String repr(@Nullable Object value) {
    return repr(value, 0);
  }

  private static String repr(@Nullable Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new Failure("a value is nested deeper than " + MAX_DEPTH);
    }
    return switch (value) {
      case null -> "None";
      case Boolean bool -> bool ? "True" : "False";
      case Long number -> number.toString();
      case BigInteger number -> decimal(number);
      case Double number -> real(number);
      case String text -> quoted(text);
      case Markup markup -> "Markup(" + quoted(markup.text()) + ")";
      case List<?> list -> joined("[", "]", list, depth);
      case Tuple tuple ->
          tuple.items().size() == 1 ? "(" + repr(tuple.items().getFirst(), depth + 1) + ",)" : joined("(", ")", tuple.items(), depth);
      case Map<?, ?> map -> {
        StringJoiner text = new StringJoiner(", ", "{", "}");
        map.forEach((key, each) -> text.add(repr(key, depth + 1) + ": " + repr(each, depth + 1)));
        yield text.toString();
      }
      case Range range -> "range(" + range.start() + ", " + range.stop() + (range.step() == 1 ? "" : ", " + range.step()) + ")";
      case DictView view -> view.typeName() + "(" + repr(view.items(), depth + 1) + ")";
      case Undefined undefined -> "Undefined";
      case Namespace namespace -> "<Namespace " + repr(namespace.attributes, depth + 1) + ">";
      case LoopState loop -> loop.toString();
      case Macro macro -> macro.toString();
      case Lazy lazy -> "<generator object>";
      case Globals.Cycler cycler -> "<Cycler>";
      case Callable callable -> "<function>";
      case Object other -> String.valueOf(other);
    };
  }

  static String decimal(BigInteger number) {
    String digits = number.toString();
    if (digits.length() > MAX_DIGITS + (number.signum() < 0 ? 1 : 0)) {
      throw new Failure("Exceeds the limit (" + MAX_DIGITS + " digits) for integer string conversion");
    }
    return digits;
  }

  private static String joined(String open, String close, List<?> items, int depth) {
    StringJoiner text = new StringJoiner(", ", open, close);
    items.forEach(item -> text.add(repr(item, depth + 1)));
    return text.toString();
  }

  /** A string as Python's repr quotes it. */
  private static String quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder(text.length() + 2).append(quote);
    text.codePoints().forEach(c -> {
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c == quote) {
            out.append('\\').append(quote);
          } else if (Strings.isPrintable(c)) {
            out.appendCodePoint(c);
          } else {
            out.append(escape(c));
          }
        }
      }
    });
    return out.append(quote).toString();
  }

  /** A code point as an escape sequence. */
  static String escape(int c) {
    return c < 0x100 ? String.format("\\x%02x", c) : c < 0x10000 ? String.format("\\u%04x", c) : String.format("\\U%08x", c);
  }

  /** What {@code repr} gives, with all but ASCII escaped. */
  static String ascii(@Nullable Object value) {
    StringBuilder out = new StringBuilder();
    repr(value).codePoints().forEach(c -> {
      if (c < 0x80) {
        out.append((char) c);
      } else {
        out.append(escape(c));
      }
    });
    return out.toString();
  }

  /** Java gives at least two digits, and where one is enough that may not be the one. */
  private static BigDecimal shortest(double value) {
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    if (decimal.precision() == 2) {
      BigDecimal single = new BigDecimal(value).round(new MathContext(1, RoundingMode.HALF_EVEN));
      return single.doubleValue() == value ? single : decimal;
    }
    return decimal;
  }

  /** The shortest digits that give the number back, in Python's form. */
  static String real(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = shortest(value);
    int exponent = decimal.precision() - decimal.scale() - 1;
    if (exponent < -4 || exponent >= 16) {
      String digits = decimal.unscaledValue().abs().toString();
      String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
      return (value < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
    String plain = decimal.toPlainString();
    return plain.indexOf('.') < 0 ? plain + ".0" : plain;
  }
}
