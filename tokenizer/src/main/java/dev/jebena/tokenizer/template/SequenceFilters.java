package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Filters over lists, dicts and whatever else can be iterated, that give their result at once. */
final class SequenceFilters {

  private SequenceFilters() {}

  static void addTo(Map<String, Filter> filters) {
    Filter length = (value, arguments, run) -> {
      arguments.positionalOnly("length", 0, 0);
      return Values.length(value);
    };
    filters.put("length", length);
    filters.put("count", length);
    filters.put("list", (value, arguments, run) -> {
      arguments.positionalOnly("list", 0, 0);
      return Values.items(value, run.budget);
    });
    filters.put("first", (value, arguments, run) -> {
      arguments.positionalOnly("first", 0, 0);
      Iterator<@Nullable Object> items = Values.iterator(value);
      return items.hasNext() ? items.next() : new Undefined("No first item, sequence was empty.");
    });
    filters.put("last", (value, arguments, run) -> {
      arguments.positionalOnly("last", 0, 0);
      List<@Nullable Object> items = reversible(value, run.budget);
      return items.isEmpty() ? new Undefined("No last item, sequence was empty.") : items.getLast();
    });
    filters.put("reverse", (value, arguments, run) -> reverse(value, arguments, run.budget));
    filters.put("join", (value, arguments, run) -> join(value, arguments, run.budget));
    filters.put("sort", (value, arguments, run) -> sort(value, arguments, run.budget));
    filters.put("dictsort", (value, arguments, run) -> dictsort(value, arguments, run.budget));
    filters.put("min", (value, arguments, run) -> extreme("min", Operators.Relation.LESS, value, arguments, run.budget));
    filters.put("max", (value, arguments, run) -> extreme("max", Operators.Relation.GREATER, value, arguments, run.budget));
    filters.put("sum", (value, arguments, run) -> sum(value, arguments, run));
    filters.put("groupby", (value, arguments, run) -> groupby(value, arguments, run.budget));
  }

  /** The items of what Python's {@code reversed} takes. */
  private static List<@Nullable Object> reversible(@Nullable Object value, Budget budget) {
    if (value instanceof Lazy || value instanceof LoopState || !Values.isIterable(value)) {
      throw new Failure("'" + Values.typeName(value) + "' object is not reversible");
    }
    return Values.items(value, budget);
  }

  private static Object reverse(@Nullable Object value, Arguments arguments, Budget budget) {
    arguments.positionalOnly("reverse", 0, 0);
    if (value instanceof String text) {
      return new StringBuilder(text).reverse().toString();
    }
    if (value instanceof Markup markup) {
      return new Markup(new StringBuilder(markup.text()).reverse().toString());
    }
    List<@Nullable Object> reversed = Values.items(value, budget).reversed();
    return value instanceof Lazy || value instanceof LoopState ? new ArrayList<>(reversed) : new Lazy(reversed::iterator);
  }

  /** A flag among bound arguments. */
  private static boolean flag(@Nullable Object value) {
    return value != Values.MISSING && Values.isTrue(value);
  }

  /** A flag that Python's {@code sorted} takes, which is a number to it. */
  private static boolean number(@Nullable Object value) {
    return Arguments.integer(value, 0) != 0;
  }

  private static String join(@Nullable Object value, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("join", 0, "d", "attribute");
    String separator = PythonText.str(Arguments.or(given[0], ""));
    Function<@Nullable Object, @Nullable Object> key = AttributePath.of(Arguments.or(given[1], null));
    StringBuilder text = new StringBuilder();
    Iterator<@Nullable Object> items = Values.iterator(value);
    boolean first = true;
    while (items.hasNext()) {
      budget.step();
      text.append(first ? "" : separator).append(PythonText.str(key.apply(items.next())));
      first = false;
      budget.writes(text.length());
    }
    budget.builds(text.length());
    return text.toString();
  }

  private static Object sort(@Nullable Object value, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    Function<@Nullable Object, @Nullable Object> key = AttributePath.several(Arguments.or(given[2], null), flag(given[1]));
    return Sorting.sorted(Values.items(value, budget), key, number(given[0]), budget);
  }

  private static Object dictsort(@Nullable Object value, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    Object by = Arguments.or(given[1], "key");
    if (!"key".equals(by) && !"value".equals(by)) {
      throw new Failure("You can only sort by either \"key\" or \"value\"");
    }
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new Failure("dictsort needs a dict, not " + Values.typeName(value));
    }
    boolean exact = flag(given[0]);
    int part = "key".equals(by) ? 0 : 1;
    List<@Nullable Object> pairs = new DictView(map, DictView.Part.ITEMS).items();
    return Sorting.sorted(
        pairs, pair -> AttributePath.folded(((Tuple) Objects.requireNonNull(pair)).items().get(part), exact), number(given[2]), budget);
  }

  private static @Nullable Object extreme(
      String name, Operators.Relation better, @Nullable Object value, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind(name, 0, "case_sensitive", "attribute");
    boolean exact = flag(given[0]);
    Function<@Nullable Object, @Nullable Object> path = AttributePath.of(Arguments.or(given[1], null));
    Iterator<@Nullable Object> items = Values.iterator(value);
    if (!items.hasNext()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Object best = items.next();
    Object bestKey = AttributePath.folded(path.apply(best), exact);
    while (items.hasNext()) {
      budget.step();
      Object item = items.next();
      Object key = AttributePath.folded(path.apply(item), exact);
      if (Operators.compare(better, key, bestKey, budget)) {
        best = item;
        bestKey = key;
      }
    }
    return best;
  }

  private static @Nullable Object sum(@Nullable Object value, Arguments arguments, Run run) {
    @Nullable Object[] given = arguments.bind("sum", 0, "attribute", "start");
    Function<@Nullable Object, @Nullable Object> key = AttributePath.of(Arguments.or(given[0], null));
    Object total = Arguments.or(given[1], 0L);
    if (Values.text(total) != null) {
      throw new Failure("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Iterator<@Nullable Object> items = Values.iterator(value);
    while (items.hasNext()) {
      run.budget.step();
      total = Operators.apply(Operators.Binary.ADD, total, key.apply(items.next()), run);
    }
    return total;
  }

  private static Object groupby(@Nullable Object value, Arguments arguments, Budget budget) {
    @Nullable Object[] given = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    boolean exact = flag(given[2]);
    Function<@Nullable Object, @Nullable Object> path = AttributePath.of(given[0], Arguments.or(given[1], null));
    Function<@Nullable Object, @Nullable Object> key = item -> AttributePath.folded(path.apply(item), exact);
    List<@Nullable Object> sorted = Sorting.sorted(Values.items(value, budget), key, false, budget);
    List<@Nullable Object> groups = new ArrayList<>();
    for (int i = 0; i < sorted.size(); ) {
      Object first = key.apply(sorted.get(i));
      Object grouper = path.apply(sorted.get(i));
      List<@Nullable Object> members = new ArrayList<>();
      do {
        members.add(sorted.get(i++));
      } while (i < sorted.size() && Values.equal(first, key.apply(sorted.get(i))));
      groups.add(Tuple.named(List.of("grouper", "list"), grouper, members));
    }
    return groups;
  }
}
