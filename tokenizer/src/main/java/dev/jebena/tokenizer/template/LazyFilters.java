package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Filters that are generators in jinja2: they compute their items, and fail, when they are asked for them. */
final class LazyFilters {

  private LazyFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("items", (value, arguments, run) -> {
      arguments.positionalOnly("items", 0, 0);
      return new Lazy(() -> switch (value) {
        case Undefined undefined -> Collections.emptyIterator();
        case Map<?, ?> map -> new DictView(map, DictView.Part.ITEMS).items().iterator();
        case null, default -> throw new Failure("Can only get item pairs from a mapping.");
      });
    });
    filters.put("map", (value, arguments, run) -> {
      return new Lazy(() -> Values.isTrue(value) ? mapped(Values.iterator(value), mapping(arguments, run)) : Collections.emptyIterator());
    });
    selecting(filters, "select", 0, true);
    selecting(filters, "reject", 0, false);
    selecting(filters, "selectattr", 1, true);
    selecting(filters, "rejectattr", 1, false);
    filters.put("unique", (value, arguments, run) -> unique(value, arguments, run));
    filters.put("batch", (value, arguments, run) -> batch(value, arguments, run));
    filters.put("slice", (value, arguments, run) -> slice(value, arguments, run));
  }

  private static Iterator<@Nullable Object> mapped(
      Iterator<@Nullable Object> items, Function<@Nullable Object, @Nullable Object> mapping) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return items.hasNext();
      }

      @Override
      public @Nullable Object next() {
        return mapping.apply(items.next());
      }
    };
  }

  private static Function<@Nullable Object, @Nullable Object> mapping(Arguments arguments, Run run) {
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      for (String name : arguments.named().keySet()) {
        if (!name.equals("attribute") && !name.equals("default")) {
          throw new Failure("Unexpected keyword argument " + PythonText.repr(name));
        }
      }
      return AttributePath.of(arguments.named().get("attribute"), arguments.named().get("default"));
    }
    if (arguments.positional().isEmpty()) {
      throw new Failure("map requires a filter argument");
    }
    Object name = arguments.positional().getFirst();
    Filter filter = Filters.find(known("filter", name, Filters.find(PythonText.str(name)) != null));
    Arguments rest = new Arguments(arguments.positional().subList(1, arguments.positional().size()), arguments.named());
    return item -> {
      run.budget.step();
      return Objects.requireNonNull(filter).apply(item, rest, run);
    };
  }

  private static String known(String kind, @Nullable Object name, boolean known) {
    Values.requireHashable(name);
    if (!known || Values.text(name) == null) {
      throw new Failure("No " + kind + " named " + PythonText.repr(name) + ".");
    }
    return PythonText.str(name);
  }

  private static void selecting(Map<String, Filter> filters, String name, int attributes, boolean wanted) {
    filters.put(name, (value, arguments, run) -> new Lazy(() -> {
      if (!Values.isTrue(value)) {
        return Collections.emptyIterator();
      }
      Predicate<@Nullable Object> test = test(arguments, attributes, run);
      return generated(Values.iterator(value), run, item -> test.test(item) == wanted);
    }));
  }

  private static Predicate<@Nullable Object> test(Arguments arguments, int attributes, Run run) {
    List<@Nullable Object> positional = arguments.positional();
    if (positional.size() < attributes) {
      throw new Failure("Missing parameter for attribute name");
    }
    Function<@Nullable Object, @Nullable Object> key = AttributePath.of(attributes == 0 ? null : positional.getFirst());
    if (positional.size() == attributes) {
      return item -> Values.isTrue(key.apply(item));
    }
    Object name = positional.get(attributes);
    Arguments rest = new Arguments(positional.subList(attributes + 1, positional.size()), arguments.named());
    return item -> {
      Object value = key.apply(item);
      Test test = Tests.find(known("test", name, Tests.find(PythonText.str(name)) != null));
      return Objects.requireNonNull(test).test(value, rest, run);
    };
  }

  /** The items for which the predicate holds. */
  private static Iterator<@Nullable Object> generated(
      Iterator<@Nullable Object> items, Run run, Predicate<@Nullable Object> predicate) {
    return generated(() -> {
      while (items.hasNext()) {
        run.budget.step();
        Object item = items.next();
        if (predicate.test(item)) {
          return item;
        }
      }
      return Values.MISSING;
    });
  }

  /** What {@code next} gives, until it gives {@link Values#MISSING}. */
  private static Iterator<@Nullable Object> generated(Supplier<@Nullable Object> next) {
    return new Iterator<>() {
      private @Nullable Object item;
      private boolean ahead;

      @Override
      public boolean hasNext() {
        if (!ahead) {
          item = next.get();
          ahead = true;
        }
        return item != Values.MISSING;
      }

      @Override
      public @Nullable Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        ahead = false;
        return item;
      }
    };
  }

  private static Lazy unique(@Nullable Object value, Arguments arguments, Run run) {
    @Nullable Object[] given = arguments.bind("unique", 0, "case_sensitive", "attribute");
    boolean exact = Values.isTrue(Arguments.or(given[0], false));
    return new Lazy(() -> {
      Function<@Nullable Object, @Nullable Object> path = AttributePath.of(Arguments.or(given[1], null));
      Map<@Nullable Object, @Nullable Object> seen = Dicts.create();
      return generated(Values.iterator(value), run, item -> {
        Object key = AttributePath.folded(path.apply(item), exact);
        boolean first = Dicts.find(seen, key) == Values.MISSING;
        Dicts.put(seen, key, null);
        return first;
      });
    });
  }

  private static Lazy batch(@Nullable Object value, Arguments arguments, Run run) {
    @Nullable Object[] given = arguments.bind("batch", 1, "linecount", "fill_with");
    Object fill = Arguments.or(given[1], null);
    return new Lazy(() -> {
      List<@Nullable Object> batches = new ArrayList<>();
      List<@Nullable Object> batch = new ArrayList<>();
      for (Object item : Values.items(value, run.budget)) {
        if (Values.equal((long) batch.size(), given[0])) {
          batches.add(batch);
          batch = new ArrayList<>();
        }
        batch.add(item);
      }
      if (!batch.isEmpty()) {
        if (fill != null && Operators.compare(Operators.Relation.LESS, (long) batch.size(), given[0], run.budget)) {
          long missing = Arguments.integer(given[0]) - batch.size();
          run.budget.builds(missing);
          batch.addAll(Collections.nCopies((int) missing, fill));
        }
        batches.add(batch);
      }
      return batches.iterator();
    });
  }

  private static Lazy slice(@Nullable Object value, Arguments arguments, Run run) {
    @Nullable Object[] given = arguments.bind("slice", 1, "slices", "fill_with");
    Object fill = Arguments.or(given[1], null);
    return new Lazy(() -> {
      List<@Nullable Object> items = Values.items(value, run.budget);
      long count = Arguments.integer(given[0]);
      if (count == 0) {
        throw new Failure("integer division or modulo by zero");
      }
      run.budget.builds(Math.max(0, count));
      long each = Math.floorDiv(items.size(), count);
      long longer = Math.floorMod(items.size(), count);
      List<@Nullable Object> slices = new ArrayList<>();
      int at = 0;
      for (long i = 0; i < count; i++) {
        int end = (int) (at + each + (i < longer ? 1 : 0));
        List<@Nullable Object> slice = new ArrayList<>(items.subList(at, end));
        if (fill != null && i >= longer) {
          slice.add(fill);
        }
        slices.add(slice);
        at = end;
      }
      return slices.iterator();
    });
  }

}
