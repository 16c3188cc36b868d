package dev.jebena.tokenizer.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The filters of jinja2, by name. */
final class Filters {

  private static final Map<String, Filter> ALL = all();

  private Filters() {}

  /** The filter of that name, or null. */
  static @Nullable Filter find(String name) {
    return ALL.get(name);
  }

  static Map<String, Filter> names() {
    return ALL;
  }

  private static Map<String, Filter> all() {
    Map<String, Filter> filters = new HashMap<>();
    TextFilters.addTo(filters);
    NumberFilters.addTo(filters);
    SequenceFilters.addTo(filters);
    LazyFilters.addTo(filters);
    Filter otherwise = (value, arguments, run) -> {
      @Nullable Object[] given = arguments.bind("default", 0, "default_value", "boolean");
      boolean missing = value instanceof Undefined || Values.isTrue(Arguments.or(given[1], false)) && !Values.isTrue(value);
      return missing ? Arguments.or(given[0], "") : value;
    };
    filters.put("default", otherwise);
    filters.put("d", otherwise);
    filters.put("attr", (value, arguments, run) -> {
      String name = Arguments.text("attribute name", arguments.bind("attr", 1, "name")[0]);
      Object attribute = Lookups.own(value, name);
      return attribute == Values.MISSING ? Undefined.member(value, name) : attribute;
    });
    filters.put("tojson", (value, arguments, run) -> JsonText.filter(value, arguments, run.budget));
    filters.put("random", refused("random", "its result is not determined"));
    filters.put("urlize", refused("urlize", "it makes HTML"));
    return Map.copyOf(filters);
  }

  private static Filter refused(String name, String why) {
    return (value, arguments, run) -> {
      throw new Failure("the filter '" + name + "' is not supported: " + why);
    };
  }
}
