package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's {@code pprint.pformat}: values on one line of 80 characters if they fit, else on several; keys are sorted. */
final class PrettyPrint {

  private static final int WIDTH = 80;
  private static final Pattern WORDS = Pattern.compile("\\S*\\s*");

  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private PrettyPrint(Budget budget) {
    this.budget = budget;
  }

  static String format(@Nullable Object value, Budget budget) {
    PrettyPrint print = new PrettyPrint(budget);
    print.write(value, 0, 0);
    budget.builds(print.out.length());
    return print.out.toString();
  }

  /** Writes a value that begins at column {@code indent}, with {@code allowance} characters behind it. */
  private void write(@Nullable Object value, int indent, int allowance) {
    budget.step();
    budget.writes(out.length());
    String line = PythonText.repr(sorted(value));
    if (Strings.length(line) <= WIDTH - indent - allowance) {
      out.append(line);
      return;
    }
    switch (value) {
      case Map<?, ?> map when !map.isEmpty() -> dict(map, indent, allowance);
      case List<?> list when !list.isEmpty() -> items("[", list, "]", indent, allowance);
      case Tuple tuple when !tuple.items().isEmpty() && tuple.names().isEmpty() ->
          items("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", indent, allowance);
      case String text -> text(text, indent, allowance);
      case null, default -> out.append(line);
    }
  }

  private Object sortedDict(Map<?, ?> map) {
    Map<@Nullable Object, @Nullable Object> sorted = Dicts.create();
    keys(map).forEach(key -> sorted.put(key, sorted(map.get(key))));
    return sorted;
  }

  private @Nullable Object sorted(@Nullable Object value) {
    return switch (value) {
      case Map<?, ?> map -> sortedDict(map);
      case List<?> list -> sortedItems(list);
      case Tuple tuple -> new Tuple(sortedItems(tuple.items()));
      case null, default -> value;
    };
  }

  private List<@Nullable Object> sortedItems(List<?> items) {
    List<@Nullable Object> sorted = new ArrayList<>();
    items.forEach(item -> sorted.add(sorted(item)));
    return sorted;
  }

  /** Keys in order; what has none is ordered by its type's name. */
  private List<@Nullable Object> keys(Map<?, ?> map) {
    try {
      return Sorting.sorted(List.copyOf(map.keySet()), key -> key, false, budget);
    } catch (Failure | NullPointerException e) {
      return Sorting.sorted(new ArrayList<>(map.keySet()), Values::typeName, false, budget);
    }
  }

  private void dict(Map<?, ?> map, int indent, int allowance) {
    out.append('{');
    List<@Nullable Object> keys = keys(map);
    for (int i = 0; i < keys.size(); i++) {
      boolean last = i == keys.size() - 1;
      String key = PythonText.repr(keys.get(i));
      out.append(key).append(": ");
      write(map.get(keys.get(i)), indent + 1 + Strings.length(key) + 2, last ? allowance + 1 : 1);
      if (!last) {
        out.append(",\n").repeat(' ', indent + 1);
      }
    }
    out.append('}');
  }

  private void items(String open, List<?> items, String close, int indent, int allowance) {
    out.append(open);
    for (int i = 0; i < items.size(); i++) {
      boolean last = i == items.size() - 1;
      write(items.get(i), indent + 1, last ? allowance + close.length() : 1);
      if (!last) {
        out.append(",\n").repeat(' ', indent + 1);
      }
    }
    out.append(close);
  }

  /** A long string as several literals, cut at its lines and between words. */
  private void text(String text, int indent, int allowance) {
    List<String> chunks = new ArrayList<>();
    List<@Nullable Object> lines = Strings.lines(text, true);
    int column = lines.size() == 1 && indent == 0 ? indent + 1 : indent + (indent == 0 ? 1 : 0);
    int room = indent == 0 ? allowance + 1 : allowance;
    for (int i = 0; i < lines.size(); i++) {
      String line = PythonText.str(lines.get(i));
      int width = WIDTH - column - (i == lines.size() - 1 ? room : 0);
      if (PythonText.repr(line).length() <= width) {
        chunks.add(PythonText.repr(line));
        continue;
      }
      String current = "";
      Matcher words = WORDS.matcher(line);
      List<String> parts = new ArrayList<>();
      while (words.find() && !words.group().isEmpty()) {
        parts.add(words.group());
      }
      for (int j = 0; j < parts.size(); j++) {
        String candidate = current + parts.get(j);
        boolean end = i == lines.size() - 1 && j == parts.size() - 1;
        if (PythonText.repr(candidate).length() > WIDTH - column - (end ? room : 0)) {
          if (!current.isEmpty()) {
            chunks.add(PythonText.repr(current));
          }
          current = parts.get(j);
        } else {
          current = candidate;
        }
      }
      if (!current.isEmpty()) {
        chunks.add(PythonText.repr(current));
      }
    }
    if (chunks.size() == 1) {
      out.append(chunks.getFirst());
      return;
    }
    String separator = "\n" + " ".repeat(column);
    out.append(indent == 0 ? "(" : "").append(String.join(separator, chunks)).append(indent == 0 ? ")" : "");
  }
}
