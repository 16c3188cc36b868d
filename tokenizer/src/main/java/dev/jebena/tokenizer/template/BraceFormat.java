package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's {@code "...".format(...)} with the format specifications of strings and numbers. */
final class BraceFormat {

  private static final Pattern SPECIFICATION =
      Pattern.compile(
          "(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<hash>#)?(?<zero>0)?(?<width>\\d{1,4})?(?<group>[,_])?(?:\\.(?<precision>\\d{1,4}))?(?<type>[a-zA-Z%])?",
          Pattern.DOTALL);

  private BraceFormat() {}

  static String format(String format, Arguments arguments, Budget budget) {
    StringBuilder out = new StringBuilder();
    int automatic = 0;
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if ((c == '{' || c == '}') && i + 1 < format.length() && format.charAt(i + 1) == c) {
        out.append(c);
        i++;
      } else if (c == '{') {
        int end = format.indexOf('}', i);
        if (end < 0) {
          throw new TemplateException("expected '}' before end of string");
        }
        String field = format.substring(i + 1, end);
        int colon = field.indexOf(':');
        String name = colon < 0 ? field : field.substring(0, colon);
        String specification = colon < 0 ? "" : field.substring(colon + 1);
        boolean repr = name.endsWith("!r");
        name = name.replaceAll("![rsa]$", "");
        if (name.isEmpty() || name.startsWith(".") || name.startsWith("[")) {
          name = automatic++ + name;
        }
        Object value = lookup(name, arguments, budget);
        out.append(one(repr ? PythonText.repr(value) : value, specification));
        i = end;
      } else if (c == '}') {
        throw new TemplateException("Single '}' encountered in format string");
      } else {
        out.append(c);
      }
      budget.length(out.length());
    }
    return out.toString();
  }

  private static @Nullable Object lookup(String name, Arguments arguments, Budget budget) {
    Matcher parts = Pattern.compile("^(\\w+)|\\.(\\w+)|\\[([^]]*)]").matcher(name);
    Object value = null;
    boolean first = true;
    while (parts.find()) {
      if (first) {
        String head = parts.group(1);
        if (head != null && head.matches("\\d{1,6}")) {
          int index = Integer.parseInt(head);
          if (index >= arguments.positional().size()) {
            throw new TemplateException("Replacement index " + index + " out of range for positional args tuple");
          }
          value = arguments.positional().get(index);
        } else {
          if (head == null || !arguments.named().containsKey(head)) {
            throw new TemplateException("format has no argument '" + name + "'");
          }
          value = arguments.named().get(head);
        }
        first = false;
      } else if (parts.group(2) != null) {
        value = Lookups.attribute(value, parts.group(2), budget);
      } else {
        String key = parts.group(3);
        value = Lookups.item(value, key.matches("\\d{1,9}") ? (Object) Long.valueOf(key) : key, budget);
      }
    }
    return value;
  }

  private static String one(@Nullable Object value, String specification) {
    if (specification.isEmpty()) {
      return PythonText.str(value);
    }
    Matcher spec = SPECIFICATION.matcher(specification);
    if (!spec.matches()) {
      throw new TemplateException("Invalid format specifier '" + specification + "'");
    }
    int precision = spec.group("precision") == null ? -1 : Integer.parseInt(spec.group("precision"));
    char type = spec.group("type") == null ? ' ' : spec.group("type").charAt(0);
    boolean numeric = Values.isNumber(value) && !(value instanceof Boolean && type == ' ');
    String body = numeric ? number(value, type, precision, spec) : text(value, type, precision);
    int width = spec.group("width") == null ? 0 : Integer.parseInt(spec.group("width"));
    int missing = width - body.codePointCount(0, body.length());
    if (missing <= 0) {
      return body;
    }
    boolean zero = spec.group("zero") != null;
    String align = spec.group("align") != null ? spec.group("align") : zero ? "=" : numeric ? ">" : "<";
    String fill = spec.group("fill") != null ? spec.group("fill") : zero ? "0" : " ";
    return switch (align) {
      case "<" -> body + fill.repeat(missing);
      case ">" -> fill.repeat(missing) + body;
      case "^" -> fill.repeat(missing / 2) + body + fill.repeat(missing - missing / 2);
      default -> {
        boolean signed = "+- ".indexOf(body.charAt(0)) >= 0;
        yield signed ? body.charAt(0) + fill.repeat(missing) + body.substring(1) : fill.repeat(missing) + body;
      }
    };
  }

  private static String text(@Nullable Object value, char type, int precision) {
    if (type != ' ' && type != 's') {
      throw new TemplateException("Unknown format code '" + type + "' for object of type '" + Values.typeName(value) + "'");
    }
    String text = PythonText.str(value);
    return precision >= 0 && precision < text.length() ? text.substring(0, precision) : text;
  }

  private static String number(@Nullable Object value, char type, int precision, Matcher spec) {
    String digits = switch (type) {
      case 'f', 'F' -> PercentFormat.fixed(Numbers.real(value), precision < 0 ? 6 : precision);
      case '%' -> PercentFormat.fixed(Numbers.real(value) * 100, precision < 0 ? 6 : precision) + "%";
      case 'e', 'E', 'g', 'G' -> PercentFormat.scientific(Numbers.real(value), precision < 0 ? 6 : precision, type);
      case 'd', 'n' -> integer(value, type).toString();
      case 'x' -> prefixed(integer(value, type).toString(16), spec, "0x");
      case 'X' -> prefixed(integer(value, type).toString(16).toUpperCase(Locale.ROOT), spec, "0X");
      case 'o' -> prefixed(integer(value, type).toString(8), spec, "0o");
      case 'b' -> prefixed(integer(value, type).toString(2), spec, "0b");
      case 'c' -> Character.toString(integer(value, type).intValue());
      case ' ' -> value instanceof Double number && precision >= 0
          ? PercentFormat.scientific(number, precision, 'g')
          : PythonText.str(value);
      default -> throw new TemplateException("Unknown format code '" + type + "' for object of type '" + Values.typeName(value) + "'");
    };
    if (spec.group("group") != null) {
      digits = grouped(digits, spec.group("group"));
    }
    String sign = spec.group("sign");
    return sign == null || sign.equals("-") || digits.startsWith("-") ? digits : sign + digits;
  }

  private static String prefixed(String digits, Matcher spec, String prefix) {
    if (spec.group("hash") == null) {
      return digits;
    }
    return digits.startsWith("-") ? "-" + prefix + digits.substring(1) : prefix + digits;
  }

  private static BigInteger integer(@Nullable Object value, char type) {
    return switch (value) {
      case Long number -> BigInteger.valueOf(number);
      case BigInteger number -> number;
      case Boolean bool -> bool ? BigInteger.ONE : BigInteger.ZERO;
      case null, default ->
          throw new TemplateException("Unknown format code '" + type + "' for object of type '" + Values.typeName(value) + "'");
    };
  }

  private static String grouped(String digits, String separator) {
    int end = digits.indexOf('.') >= 0 ? digits.indexOf('.') : digits.endsWith("%") ? digits.length() - 1 : digits.length();
    StringBuilder out = new StringBuilder(digits);
    int start = digits.startsWith("-") ? 1 : 0;
    for (int at = end - 3; at > start; at -= 3) {
      out.insert(at, separator);
    }
    return out.toString();
  }
}
