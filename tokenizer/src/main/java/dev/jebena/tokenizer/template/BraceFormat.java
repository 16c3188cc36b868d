package dev.jebena.tokenizer.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code "...".format(...)}, with the sandbox's lookups of attributes and items. */
final class BraceFormat {

  private final List<@Nullable Object> positional;
  private final Map<?, ?> named;
  private final Run run;
  /** The number of the next field without one; -1 once fields are numbered by hand. */
  private int automatic;

  private BraceFormat(List<@Nullable Object> positional, Map<?, ?> named, Run run) {
    this.positional = positional;
    this.named = named;
    this.run = run;
  }

  static String format(String format, List<@Nullable Object> positional, Map<String, @Nullable Object> named, Run run) {
    return new BraceFormat(positional, named, run).format(format, 2);
  }

  static String formatMap(String format, @Nullable Object values, Run run) {
    if (!(values instanceof Map<?, ?> map)) {
      throw new Failure("format_map() argument must be a mapping, not " + Values.typeName(values));
    }
    return new BraceFormat(List.of(), map, run).format(format, 2);
  }

  private String format(String format, int depth) {
    if (depth < 0) {
      throw new Failure("Max string recursion exceeded");
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if ((c == '{' || c == '}') && i + 1 < format.length() && format.charAt(i + 1) == c) {
        out.append(c);
        i++;
      } else if (c == '{') {
        int end = closing(format, i + 1);
        out.append(field(format.substring(i + 1, end), depth));
        i = end;
      } else if (c == '}') {
        throw new Failure("Single '}' encountered in format string");
      } else {
        out.append(c);
      }
      run.budget.writes(out.length());
    }
    run.budget.builds(out.length());
    return out.toString();
  }

  private static int closing(String format, int from) {
    int open = 1;
    boolean inIndex = false;
    for (int i = from; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c == '[' && open == 1) {
        inIndex = true;
      } else if (c == ']') {
        inIndex = false;
      } else if (!inIndex && c == '{') {
        open++;
      } else if (!inIndex && c == '}' && --open == 0) {
        return i;
      }
    }
    throw new Failure(from == format.length() ? "Single '{' encountered in format string" : "expected '}' before end of string");
  }

  private String field(String field, int depth) {
    int end = nameEnd(field);
    String name = field.substring(0, end);
    String rest = field.substring(end);
    if (name.indexOf('{') >= 0) {
      throw new Failure("unexpected '{' in field name");
    }
    char conversion = ' ';
    if (rest.startsWith("!")) {
      if (rest.length() < 2 || rest.length() > 2 && rest.charAt(2) != ':') {
        throw new Failure("expected ':' after conversion specifier");
      }
      conversion = rest.charAt(1);
      rest = rest.substring(2);
    }
    Object value = lookup(name);
    Object converted = switch (conversion) {
      case ' ' -> value;
      case 's' -> PythonText.str(value);
      case 'r' -> PythonText.repr(value);
      case 'a' -> PythonText.ascii(value);
      default -> throw new Failure("Unknown conversion specifier " + conversion);
    };
    return FormatSpecification.format(converted, rest.isEmpty() ? "" : format(rest.substring(1), depth - 1), run.budget);
  }

  private static int nameEnd(String field) {
    boolean inIndex = false;
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      inIndex = c == '[' || inIndex && c != ']';
      if (!inIndex && (c == ':' || c == '!')) {
        return i;
      }
    }
    return field.length();
  }

  private @Nullable Object lookup(String name) {
    int at = 0;
    while (at < name.length() && name.charAt(at) != '.' && name.charAt(at) != '[') {
      at++;
    }
    Object value = first(name.substring(0, at));
    while (at < name.length()) {
      if (name.charAt(at) == '.') {
        int end = at + 1;
        while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
          end++;
        }
        value = Lookups.attribute(value, required(name.substring(at + 1, end)));
        at = end;
      } else if (name.charAt(at) == '[') {
        int end = name.indexOf(']', at);
        if (end < 0) {
          throw new Failure("Missing ']' in format string");
        }
        String key = required(name.substring(at + 1, end));
        value = Lookups.item(value, isIndex(key) ? (Object) index(key) : key);
        at = end + 1;
      } else {
        throw new Failure("Only '.' or '[' may follow ']' in format field specifier");
      }
    }
    return value;
  }

  private static String required(String part) {
    if (part.isEmpty()) {
      throw new Failure("Empty attribute in format string");
    }
    return part;
  }

  private static boolean isIndex(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static long index(String digits) {
    if (digits.length() > 18) {
      throw new Failure("Too many decimal digits in format string");
    }
    return Long.parseLong(digits);
  }

  private @Nullable Object first(String name) {
    if (name.isEmpty()) {
      if (automatic < 0) {
        throw new Failure("cannot switch from manual field specification to automatic field numbering");
      }
      return positional(automatic++);
    }
    if (isIndex(name)) {
      if (automatic > 0) {
        throw new Failure("cannot switch from automatic field numbering to manual field specification");
      }
      automatic = -1;
      return positional(index(name));
    }
    if (!named.containsKey(name)) {
      throw new Failure("format has no argument " + PythonText.repr(name));
    }
    return named.get(name);
  }

  private @Nullable Object positional(long index) {
    if (index >= positional.size()) {
      throw new Failure("Replacement index " + index + " out of range for positional args tuple");
    }
    return positional.get((int) index);
  }
}
