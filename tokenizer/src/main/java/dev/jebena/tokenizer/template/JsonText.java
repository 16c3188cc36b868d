package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as Python's {@code json.dumps} writes it, which is what {@code tojson} means in chat templates: nothing is escaped for HTML. */
final class JsonText {

  private static final int MAX_DEPTH = 200;
  private static final int MAX_INDENT = 1000;

  private final boolean asciiOnly;
  private final @Nullable String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sortKeys;
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private JsonText(boolean asciiOnly, @Nullable String indent, String itemSeparator, String keySeparator, boolean sortKeys, Budget budget) {
    this.asciiOnly = asciiOnly;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
    this.sortKeys = sortKeys;
    this.budget = budget;
  }

  /** The filter: {@code tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)}. */
  static String filter(@Nullable Object value, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    Object indentation = Arguments.or(given[1], null);
    String indent = indentation == null ? null : indentation instanceof String text ? text : spaces(Arguments.integer(indentation));
    String item = indent == null ? ", " : ",";
    String key = ": ";
    Object separators = Arguments.or(given[2], null);
    if (separators != null) {
      List<@Nullable Object> pair = Values.items(separators, budget);
      if (pair.size() != 2) {
        throw new Failure("tojson needs two strings as separators");
      }
      item = Arguments.text("a separator", pair.get(0));
      key = Arguments.text("a separator", pair.get(1));
    }
    boolean asciiOnly = Values.isTrue(Arguments.or(given[0], false));
    JsonText json = new JsonText(asciiOnly, indent, item, key, Values.isTrue(Arguments.or(given[3], false)), budget);
    json.write(value, 0);
    budget.builds(json.out.length());
    return json.out.toString();
  }

  private static String spaces(long count) {
    if (count > MAX_INDENT) {
      throw new Failure("tojson is asked to indent by " + count + " spaces: the limit is " + MAX_INDENT);
    }
    return " ".repeat((int) Math.max(0, count));
  }

  private void write(@Nullable Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new Failure("a value is nested deeper than " + MAX_DEPTH);
    }
    budget.step();
    budget.writes(out.length());
    switch (value) {
      case null -> out.append("null");
      case Boolean bool -> out.append(bool);
      case Long number -> out.append(number);
      case BigInteger number -> out.append(PythonText.decimal(number));
      case Double number -> out.append(real(number));
      case String text -> string(text);
      case Markup markup -> string(markup.text());
      case List<?> list -> array(list, depth);
      case Tuple tuple -> array(tuple.items(), depth);
      case Map<?, ?> map -> object(map, depth);
      case Object other -> throw new Failure("Object of type " + Values.typeName(other) + " is not JSON serializable");
    }
  }

  private static String real(double number) {
    return Double.isNaN(number) ? "NaN" : Double.isInfinite(number) ? (number > 0 ? "Infinity" : "-Infinity") : PythonText.real(number);
  }

  private void array(List<?> items, int depth) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    boolean first = true;
    for (Object item : items) {
      separate(first, depth + 1);
      first = false;
      write(item, depth + 1);
    }
    newLine(depth);
    out.append(']');
  }

  private void object(Map<?, ?> map, int depth) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append('{');
    boolean first = true;
    List<@Nullable Object> keys = new ArrayList<>(map.keySet());
    if (sortKeys) {
      keys = Sorting.sorted(keys, key -> key, false, budget);
    }
    for (Object key : keys) {
      separate(first, depth + 1);
      first = false;
      string(keyText(key));
      out.append(keySeparator);
      write(map.get(key), depth + 1);
    }
    newLine(depth);
    out.append('}');
  }

  private static String keyText(@Nullable Object key) {
    return switch (key) {
      case null -> "null";
      case String text -> text;
      case Boolean bool -> bool.toString();
      case Double number -> real(number);
      default -> {
        if (!Values.isNumber(key)) {
          throw new Failure("keys must be str, int, float, bool or None, not " + Values.typeName(key));
        }
        yield PythonText.str(key);
      }
    };
  }

  private void separate(boolean first, int depth) {
    if (!first) {
      out.append(itemSeparator);
    }
    newLine(depth);
  }

  private void newLine(int depth) {
    if (indent != null) {
      out.append('\n').repeat(indent, depth);
    }
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || asciiOnly && c > 0x7E) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
