package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's format specifications: {@code [[fill]align][sign][z][#][0][width][grouping][.precision][type]}. */
final class FormatSpecification {

  private static final Pattern SPECIFICATION =
      Pattern.compile(
          "(?:(?<fill>.)(?<align>[<>=^])|(?<onlyAlign>[<>=^]))?(?<sign>[-+ ])?(?<z>z)?(?<alternate>#)?(?<zero>0)?(?<width>\\d+)?"
              + "(?<group>[,_])?(?:\\.(?<precision>\\d+))?(?<type>[a-zA-Z%])?",
          Pattern.DOTALL);

  private final Matcher parts;
  private final Budget budget;
  private final char type;
  private final int width;
  private final int precision;

  private FormatSpecification(Matcher parts, Budget budget) {
    this.parts = parts;
    this.budget = budget;
    this.type = has("type") ? parts.group("type").charAt(0) : ' ';
    this.width = size("width", 0);
    this.precision = size("precision", -1);
  }

  /** Formats a value, as Python's {@code format(value, specification)} does. */
  static String format(@Nullable Object value, String specification, Budget budget) {
    if (specification.isEmpty()) {
      return PythonText.str(value);
    }
    String text = Values.text(value);
    if (text == null && !Values.isNumber(value)) {
      throw new Failure("unsupported format string passed to " + Values.typeName(value) + ".__format__");
    }
    Matcher parts = SPECIFICATION.matcher(specification);
    if (!parts.matches()) {
      throw new Failure("Invalid format specifier " + PythonText.repr(specification));
    }
    FormatSpecification format = new FormatSpecification(parts, budget);
    return text != null ? format.text(text) : value instanceof Double number ? format.real(number) : format.integer(value);
  }

  private boolean has(String group) {
    return parts.group(group) != null;
  }

  private int size(String group, int otherwise) {
    if (!has(group)) {
      return otherwise;
    }
    String digits = parts.group(group);
    if (digits.length() > 9) {
      throw new Failure("Too many decimal digits in format string");
    }
    budget.writes(Integer.parseInt(digits));
    return Integer.parseInt(digits);
  }

  private String align(String otherwise) {
    return has("align") ? parts.group("align") : has("onlyAlign") ? parts.group("onlyAlign") : otherwise;
  }

  private Failure unknown(String typeName) {
    return new Failure("Unknown format code '" + type + "' for object of type '" + typeName + "'");
  }

  private String text(String text) {
    if (type != ' ' && type != 's') {
      throw unknown("str");
    }
    if (has("sign") || has("z") || has("alternate") || has("group") || align("<").equals("=")) {
      throw new Failure("the format specification is not for strings");
    }
    boolean cut = precision >= 0 && precision < Strings.length(text);
    return aligned("", cut ? text.substring(0, text.offsetByCodePoints(0, precision)) : text, "<");
  }

  private String integer(@Nullable Object value) {
    BigInteger number = Numbers.big(value);
    if ("eEfFgG%".indexOf(type) >= 0) {
      return real(Numbers.finite(value));
    }
    if (precision >= 0) {
      throw new Failure("Precision not allowed in integer format specifier");
    }
    if (has("z")) {
      throw new Failure("Negative zero coercion (z) not allowed in integer format specifier");
    }
    boolean alternate = has("alternate");
    String digits = switch (type) {
      case ' ', 'd' -> PythonText.decimal(number.abs());
      case 'n' -> {
        requireNoGroups();
        yield PythonText.decimal(number.abs());
      }
      case 'x' -> number.abs().toString(16);
      case 'X' -> Strings.upper(number.abs().toString(16));
      case 'o' -> number.abs().toString(8);
      case 'b' -> number.abs().toString(2);
      case 'c' -> {
        if (has("sign") || alternate || number.signum() < 0 || number.bitLength() > 21 || number.intValue() > Character.MAX_CODE_POINT) {
          throw new Failure("the number is no character's");
        }
        requireNoGroups();
        yield Character.toString(number.intValue());
      }
      default -> throw unknown(Values.typeName(value));
    };
    if (has("group") && parts.group("group").equals(",") && "xXob".indexOf(type) >= 0) {
      requireNoGroups();
    }
    String prefix = alternate && "xXob".indexOf(type) >= 0 ? "0" + type : "";
    if (type == 'c') {
      return aligned("", digits, "<");
    }
    return number(number.signum() < 0, prefix, digits, "", "xXob".indexOf(type) >= 0 ? 4 : 3);
  }

  private void requireNoGroups() {
    if (has("group")) {
      throw new Failure("Cannot specify '" + parts.group("group") + "' with '" + type + "'.");
    }
  }

  private String real(double value) {
    boolean alternate = has("alternate");
    String text = switch (type) {
      case ' ' -> Double.isNaN(value) || Double.isInfinite(value) || precision < 0
          ? PythonText.real(value)
          : FloatText.general(value, Math.max(1, precision), alternate, FloatText.Point.ALWAYS);
      case 'e', 'E', 'f', 'F', 'g', 'G' -> FloatText.format(value, type, precision < 0 ? 6 : precision, alternate);
      case 'n' -> {
        requireNoGroups();
        yield FloatText.format(value, 'g', precision < 0 ? 6 : precision, alternate);
      }
      case '%' -> FloatText.format(value * 100, 'f', precision < 0 ? 6 : precision, alternate) + "%";
      default -> throw unknown("float");
    };
    boolean negative = text.startsWith("-");
    String digits = negative ? text.substring(1) : text;
    if (has("z") && digits.chars().noneMatch(c -> c >= '1' && c <= '9')) {
      negative = false;
    }
    int end = 0;
    while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
      end++;
    }
    return number(negative, "", digits.substring(0, end), digits.substring(end), 3);
  }

  /** Sign, prefix, whole digits in groups, and the rest. */
  private String number(boolean negative, String prefix, String digits, String rest, int groupSize) {
    String sign = negative ? "-" : has("sign") && !parts.group("sign").equals("-") ? parts.group("sign") : "";
    String before = sign + prefix;
    boolean zeros = has("zero") && !has("align") && !has("onlyAlign") || fill().equals("0") && align(">").equals("=");
    String separator = has("group") ? parts.group("group") : "";
    String whole = grouped(digits, separator, groupSize);
    if (zeros && !separator.isEmpty()) {
      StringBuilder padded = new StringBuilder(digits);
      while (before.length() + whole.length() + rest.length() < width) {
        padded.insert(0, '0');
        whole = grouped(padded.toString(), separator, groupSize);
      }
    }
    return aligned(before, whole + rest, zeros ? "=" : ">");
  }

  private static String grouped(String digits, String separator, int size) {
    if (separator.isEmpty()) {
      return digits;
    }
    StringBuilder out = new StringBuilder(digits);
    for (int at = digits.length() - size; at > 0; at -= size) {
      out.insert(at, separator);
    }
    return out.toString();
  }

  private String fill() {
    return has("fill") ? parts.group("fill") : has("zero") ? "0" : " ";
  }

  private String aligned(String before, String body, String otherwise) {
    int missing = width - Strings.length(before) - Strings.length(body);
    if (missing <= 0) {
      return before + body;
    }
    budget.builds(width);
    String fill = fill();
    return switch (align(otherwise)) {
      case "<" -> before + body + fill.repeat(missing);
      case ">" -> fill.repeat(missing) + before + body;
      case "^" -> fill.repeat(missing / 2) + before + body + fill.repeat(missing - missing / 2);
      default -> before + fill.repeat(missing) + body;
    };
  }
}
