package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as Python's {@code json.dumps} writes it, which is what {@code tojson} means in chat templates: nothing is escaped for HTML. */
final class JsonText {

  private static final int MAX_DEPTH = 200;

  private final boolean asciiOnly;
  private final @Nullable String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean sortKeys;
  private final StringBuilder out = new StringBuilder();

  private JsonText(boolean asciiOnly, @Nullable String indent, String itemSeparator, String keySeparator, boolean sortKeys) {
    this.asciiOnly = asciiOnly;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
    this.sortKeys = sortKeys;
  }

  /** The filter: {@code tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)}. */
  static String filter(@Nullable Object value, Arguments arguments) {
    arguments.allow("ensure_ascii", "indent", "separators", "sort_keys");
    Object indentation = arguments.get(1, "indent", null);
    String indent = switch (indentation) {
      case null -> null;
      case Long count -> " ".repeat((int) Math.max(0, Math.min(count, 100)));
      case Boolean bool -> bool ? " " : "";
      case String text -> text;
      default -> throw new TemplateException("tojson needs a number or a string as indent, not " + Values.typeName(indentation));
    };
    Object separators = arguments.get(2, "separators", null);
    String item = indent == null ? ", " : ",";
    String key = ": ";
    if (separators != null) {
      List<@Nullable Object> pair = Values.items(separators);
      if (pair.size() != 2 || !(pair.get(0) instanceof String first) || !(pair.get(1) instanceof String second)) {
        throw new TemplateException("tojson needs two strings as separators");
      }
      item = first;
      key = second;
    }
    JsonText json = new JsonText(arguments.flag(0, "ensure_ascii", false), indent, item, key, arguments.flag(3, "sort_keys", false));
    json.write(value, 0);
    return json.out.toString();
  }

  private void write(@Nullable Object raw, int depth) {
    if (depth > MAX_DEPTH) {
      throw new TemplateException("a value is nested deeper than " + MAX_DEPTH);
    }
    Object value = Values.of(raw);
    switch (value) {
      case null -> out.append("null");
      case Boolean bool -> out.append(bool);
      case Long number -> out.append(number);
      case BigInteger number -> out.append(number);
      case Double number -> out.append(real(number));
      case String text -> string(text);
      case List<?> list -> array(list, depth);
      case Tuple tuple -> array(tuple.items(), depth);
      case Map<?, ?> map -> object(map, depth);
      case Object other -> throw new TemplateException("Object of type " + Values.typeName(other) + " is not JSON serializable");
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
    List<? extends Map.Entry<?, ?>> entries = List.copyOf(map.entrySet());
    if (sortKeys) {
      entries = entries.stream()
          .sorted(Comparator.comparing(Map.Entry::getKey, (a, b) -> Values.compare(Values.of(a), Values.of(b), "<")))
          .toList();
    }
    for (Map.Entry<?, ?> entry : entries) {
      separate(first, depth + 1);
      first = false;
      Object key = Values.of(entry.getKey());
      string(key instanceof String text ? text : key == null ? "null"
          : key instanceof Boolean bool ? String.valueOf(bool) : PythonText.str(key));
      out.append(keySeparator);
      write(entry.getValue(), depth + 1);
    }
    newLine(depth);
    out.append('}');
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
