package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Filters over lists, dicts and whatever else can be iterated. What jinja2 computes lazily is computed at once, and behaves as a generator all the same. */
final class SequenceFilters {

  private final Filters filters;
  private final Budget budget;

  SequenceFilters(Filters filters, Budget budget) {
    this.filters = filters;
    this.budget = budget;
  }

  @Nullable Object apply(String name, @Nullable Object input, Arguments arguments) {
    return switch (name) {
      case "length", "count" -> Values.length(input);
      case "first" -> firstOf(items(input), "No first item, sequence was empty.");
      case "last" -> firstOf(items(reversible(input)).reversed(), "No last item, sequence was empty.");
      case "list" -> items(input);
      case "items" -> switch (input) {
        case Undefined undefined -> new Generator(new ArrayList<>());
        case Map<?, ?> map -> new Generator(Lookups.pairs(map));
        case null, default -> throw new TemplateException("Can only get item pairs from a mapping.");
      };
      case "join" -> join(input, arguments);
      case "reverse" -> input instanceof String text
          ? new StringBuilder(text).reverse().toString()
          : new Generator(items(reversible(input)).reversed());
      case "sort" -> sort(input, arguments);
      case "dictsort" -> dictsort(input, arguments);
      case "unique" -> new Generator(unique(input, arguments));
      case "min" -> extreme(input, arguments, -1);
      case "max" -> extreme(input, arguments, 1);
      case "sum" -> sum(input, arguments);
      case "map" -> new Generator(map(input, arguments));
      case "select" -> new Generator(select(input, arguments, false, true));
      case "reject" -> new Generator(select(input, arguments, false, false));
      case "selectattr" -> new Generator(select(input, arguments, true, true));
      case "rejectattr" -> new Generator(select(input, arguments, true, false));
      case "groupby" -> groupby(input, arguments);
      case "batch" -> new Generator(batch(input, arguments));
      case "slice" -> new Generator(slice(input, arguments));
      default -> throw new TemplateException("No filter named '" + name + "'");
    };
  }

  private List<@Nullable Object> items(@Nullable Object input) {
    List<@Nullable Object> items = Values.items(input);
    budget.steps(items.size());
    return items;
  }

  private static @Nullable Object reversible(@Nullable Object input) {
    if (input instanceof Generator) {
      throw new TemplateException("'generator' object is not reversible");
    }
    return input;
  }

  private static @Nullable Object firstOf(List<@Nullable Object> items, String message) {
    return items.isEmpty() ? new Undefined(message + " It") : items.getFirst();
  }

  /** Reads an attribute such as {@code "a.b.0"} of an item. */
  private Function<@Nullable Object, @Nullable Object> attribute(@Nullable Object path) {
    if (path == null) {
      return item -> item;
    }
    if (path instanceof Long) {
      return item -> Lookups.item(item, path, budget);
    }
    String[] names = PythonText.str(path).split("\\.", -1);
    return item -> {
      Object value = item;
      for (String name : names) {
        value = name.matches("\\d+") ? Lookups.item(value, Long.valueOf(name), budget) : itemOrAttribute(value, name);
      }
      return value;
    };
  }

  private @Nullable Object itemOrAttribute(@Nullable Object value, String name) {
    return Lookups.item(value, name, budget);
  }

  private static @Nullable Object folded(@Nullable Object value) {
    return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
  }

  private String join(@Nullable Object input, Arguments arguments) {
    arguments.allow("d", "attribute");
    String separator = PythonText.str(arguments.get(0, "d", ""));
    Function<@Nullable Object, @Nullable Object> key = attribute(arguments.get(1, "attribute", null));
    StringBuilder text = new StringBuilder();
    boolean first = true;
    for (Object item : items(input)) {
      if (!first) {
        text.append(separator);
      }
      first = false;
      text.append(PythonText.str(key.apply(item)));
      budget.length(text.length());
    }
    return text.toString();
  }

  private Object sort(@Nullable Object input, Arguments arguments) {
    arguments.allow("reverse", "case_sensitive", "attribute");
    boolean exact = arguments.flag(1, "case_sensitive", false);
    Object path = arguments.get(2, "attribute", null);
    List<Function<@Nullable Object, @Nullable Object>> keys = new ArrayList<>();
    if (path instanceof String text) {
      for (String part : text.split(",", -1)) {
        keys.add(attribute(part.strip()));
      }
    } else {
      keys.add(attribute(path));
    }
    Comparator<@Nullable Object> order = (a, b) -> {
      budget.step();
      for (Function<@Nullable Object, @Nullable Object> key : keys) {
        Object x = exact ? key.apply(a) : folded(key.apply(a));
        Object y = exact ? key.apply(b) : folded(key.apply(b));
        int result = x == null && y == null ? 0 : Values.equal(x, y) ? 0 : Values.compare(x, y, "<");
        if (result != 0) {
          return result;
        }
      }
      return 0;
    };
    List<@Nullable Object> sorted = items(input);
    sorted.sort(arguments.flag(0, "reverse", false) ? order.reversed() : order);
    return sorted;
  }

  private Object dictsort(@Nullable Object input, Arguments arguments) {
    arguments.allow("case_sensitive", "by", "reverse");
    if (!(input instanceof Map<?, ?> map)) {
      throw new TemplateException("dictsort needs a dict, not " + Values.typeName(input));
    }
    String by = arguments.text(1, "by", "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw new TemplateException("You can only sort by either \"key\" or \"value\"");
    }
    boolean exact = arguments.flag(0, "case_sensitive", false);
    int part = by.equals("key") ? 0 : 1;
    Comparator<@Nullable Object> order = (a, b) -> {
      budget.step();
      Object x = Values.items(a).get(part);
      Object y = Values.items(b).get(part);
      return Values.compare(exact ? x : folded(x), exact ? y : folded(y), "<");
    };
    List<@Nullable Object> pairs = Lookups.pairs(map);
    pairs.sort(arguments.flag(2, "reverse", false) ? order.reversed() : order);
    return pairs;
  }

  private List<@Nullable Object> unique(@Nullable Object input, Arguments arguments) {
    arguments.allow("case_sensitive", "attribute");
    boolean exact = arguments.flag(0, "case_sensitive", false);
    Function<@Nullable Object, @Nullable Object> key = attribute(arguments.get(1, "attribute", null));
    List<@Nullable Object> seen = new ArrayList<>();
    List<@Nullable Object> kept = new ArrayList<>();
    for (Object item : items(input)) {
      Object value = exact ? key.apply(item) : folded(key.apply(item));
      budget.steps(seen.size());
      if (seen.stream().noneMatch(each -> Values.equal(each, value))) {
        seen.add(value);
        kept.add(item);
      }
    }
    return kept;
  }

  private @Nullable Object extreme(@Nullable Object input, Arguments arguments, int sign) {
    arguments.allow("case_sensitive", "attribute");
    boolean exact = arguments.flag(0, "case_sensitive", false);
    Function<@Nullable Object, @Nullable Object> key = attribute(arguments.get(1, "attribute", null));
    List<@Nullable Object> items = items(input);
    if (items.isEmpty()) {
      return new Undefined("No aggregated item, sequence was empty. It");
    }
    Object best = items.getFirst();
    for (Object item : items.subList(1, items.size())) {
      Object x = exact ? key.apply(item) : folded(key.apply(item));
      Object y = exact ? key.apply(best) : folded(key.apply(best));
      if (sign * Values.compare(x, y, sign > 0 ? ">" : "<") > 0) {
        best = item;
      }
    }
    return best;
  }

  private @Nullable Object sum(@Nullable Object input, Arguments arguments) {
    arguments.allow("attribute", "start");
    Function<@Nullable Object, @Nullable Object> key = attribute(arguments.get(0, "attribute", null));
    Object total = arguments.get(1, "start", 0L);
    for (Object item : items(input)) {
      total = Operators.apply("+", total, key.apply(item), budget);
    }
    return total;
  }

  private List<@Nullable Object> map(@Nullable Object input, Arguments arguments) {
    List<@Nullable Object> results = new ArrayList<>();
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      Function<@Nullable Object, @Nullable Object> key = attribute(arguments.named().get("attribute"));
      boolean hasDefault = arguments.named().containsKey("default");
      for (Object item : items(input)) {
        Object value = key.apply(item);
        results.add(hasDefault && value instanceof Undefined ? arguments.named().get("default") : value);
      }
      return results;
    }
    if (arguments.positional().isEmpty()) {
      throw new TemplateException("map requires a filter argument");
    }
    String name = PythonText.str(arguments.positional().getFirst());
    Arguments rest = rest(name, arguments, 1);
    for (Object item : items(input)) {
      results.add(filters.apply(name, item, rest));
    }
    return results;
  }

  private static Arguments rest(String name, Arguments arguments, int used) {
    return new Arguments(name, arguments.positional().subList(used, arguments.positional().size()), arguments.named());
  }

  private List<@Nullable Object> select(@Nullable Object input, Arguments arguments, boolean byAttribute, boolean wanted) {
    int used = byAttribute ? 1 : 0;
    if (arguments.positional().size() < used) {
      throw new TemplateException("Missing parameter for attribute name");
    }
    Function<@Nullable Object, @Nullable Object> key =
        attribute(byAttribute ? arguments.positional().getFirst() : null);
    boolean hasTest = arguments.positional().size() > used;
    String test = hasTest ? PythonText.str(arguments.positional().get(used)) : "";
    Arguments rest = hasTest ? rest(test, arguments, used + 1) : Arguments.NONE;
    List<@Nullable Object> kept = new ArrayList<>();
    for (Object item : items(input)) {
      Object value = key.apply(item);
      if ((hasTest ? Tests.test(test, value, rest) : Values.isTrue(value)) == wanted) {
        kept.add(item);
      }
    }
    return kept;
  }

  private Object groupby(@Nullable Object input, Arguments arguments) {
    arguments.allow("attribute", "default", "case_sensitive");
    Function<@Nullable Object, @Nullable Object> path = attribute(arguments.required(0, "attribute"));
    Object otherwise = arguments.get(1, "default", null);
    boolean exact = arguments.flag(2, "case_sensitive", false);
    Function<@Nullable Object, @Nullable Object> key = item -> {
      Object value = path.apply(item);
      return value instanceof Undefined && otherwise != null ? otherwise : value;
    };
    Function<@Nullable Object, @Nullable Object> order = item -> exact ? key.apply(item) : folded(key.apply(item));
    List<@Nullable Object> sorted = items(input);
    sorted.sort((a, b) -> Values.compare(order.apply(a), order.apply(b), "<"));
    List<@Nullable Object> groups = new ArrayList<>();
    for (int i = 0; i < sorted.size(); ) {
      Object first = order.apply(sorted.get(i));
      List<@Nullable Object> members = new ArrayList<>();
      Object grouper = key.apply(sorted.get(i));
      while (i < sorted.size() && Values.equal(first, order.apply(sorted.get(i)))) {
        members.add(sorted.get(i++));
      }
      groups.add(Tuple.named(List.of("grouper", "list"), grouper, members));
    }
    return groups;
  }

  private List<@Nullable Object> batch(@Nullable Object input, Arguments arguments) {
    arguments.allow("linecount", "fill_with");
    int size = arguments.integer(0, "linecount", 0);
    Object fill = arguments.get(1, "fill_with", null);
    List<@Nullable Object> batches = new ArrayList<>();
    List<@Nullable Object> items = items(input);
    if (size < 1) {
      throw new TemplateException("batch needs a positive number of items, not " + size);
    }
    for (int i = 0; i < items.size(); i += size) {
      List<@Nullable Object> batch = new ArrayList<>(items.subList(i, Math.min(items.size(), i + size)));
      if (fill != null && batch.size() < size) {
        budget.length(size);
        batch.addAll(Collections.nCopies(size - batch.size(), fill));
      }
      batches.add(batch);
    }
    return batches;
  }

  private List<@Nullable Object> slice(@Nullable Object input, Arguments arguments) {
    arguments.allow("slices", "fill_with");
    int count = arguments.integer(0, "slices", 0);
    if (count < 1) {
      throw new TemplateException("slice needs a positive number of slices, not " + count);
    }
    budget.length(count);
    Object fill = arguments.get(1, "fill_with", null);
    List<@Nullable Object> items = items(input);
    int each = items.size() / count;
    int longer = items.size() % count;
    List<@Nullable Object> slices = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < count; i++) {
      int size = each + (i < longer ? 1 : 0);
      List<@Nullable Object> slice = new ArrayList<>(items.subList(at, at + size));
      at += size;
      if (fill != null && i >= longer && longer > 0) {
        slice.add(fill);
      }
      slices.add(slice);
    }
    return slices;
  }
}
