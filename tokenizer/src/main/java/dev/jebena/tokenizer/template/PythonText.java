package dev.jebena.tokenizer.template;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** How Python writes values: {@code str} and {@code repr}. */
final class PythonText {

  private static final int MAX_DEPTH = 200;

  private PythonText() {}

  static String str(@Nullable Object value) {
    return switch (value) {
      case String text -> text;
      case Undefined undefined -> "";
      case null, default -> repr(value);
    };
  }

  static String repr(@Nullable Object value) {
    return repr(value, 0);
  }

  private static String repr(@Nullable Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new TemplateException("a value is nested deeper than " + MAX_DEPTH);
    }
    return switch (Values.of(value)) {
      case null -> "None";
      case Boolean bool -> bool ? "True" : "False";
      case Double number -> real(number);
      case String text -> quoted(text);
      case List<?> list -> joined("[", "]", list, depth);
      case Tuple tuple ->
          tuple.items().size() == 1 ? "(" + repr(tuple.items().getFirst(), depth + 1) + ",)" : joined("(", ")", tuple.items(), depth);
      case Map<?, ?> map -> {
        StringJoiner text = new StringJoiner(", ", "{", "}");
        map.forEach((key, each) -> text.add(repr(key, depth + 1) + ": " + repr(each, depth + 1)));
        yield text.toString();
      }
      case Undefined undefined -> "Undefined";
      case Namespace namespace -> "<Namespace " + repr(namespace.attributes, depth + 1) + ">";
      case Callable callable -> "<function>";
      case Generator generator -> "<generator object>";
      case Object other -> String.valueOf(other);
    };
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
          } else if (c < 0x20 || c == 0x7F || c < 0x100 && !isPrintable(c)) {
            out.append(String.format("\\x%02x", c));
          } else if (isPrintable(c)) {
            out.appendCodePoint(c);
          } else {
            out.append(c < 0x10000 ? String.format("\\u%04x", c) : String.format("\\U%08x", c));
          }
        }
      }
    });
    return out.append(quote).toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
          Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
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
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
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
