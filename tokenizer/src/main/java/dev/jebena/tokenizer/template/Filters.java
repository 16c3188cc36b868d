package dev.jebena.tokenizer.template;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds a filter by its name. */
final class Filters {

  static final Set<String> NAMES =
      Set.of(
          "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "filesizeformat", "first",
          "float", "forceescape", "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max",
          "min", "pprint", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort", "string",
          "striptags", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount", "wordwrap", "xmlattr");

  private final TextFilters text;
  private final SequenceFilters sequences;

  Filters(Budget budget) {
    this.text = new TextFilters(budget);
    this.sequences = new SequenceFilters(this, budget);
  }

  @Nullable Object apply(String name, @Nullable Object input, Arguments arguments) {
    return switch (name) {
      case "default", "d" -> {
        arguments.allow("default_value", "boolean");
        boolean missing = input instanceof Undefined || arguments.flag(1, "boolean", false) && !Values.isTrue(input);
        yield missing ? arguments.get(0, "default_value", "") : input;
      }
      case "attr" -> {
        Object value = Lookups.attribute(input, arguments.text(0, "name", ""), new Budget(TemplateLimits.DEFAULTS));
        yield input instanceof Map<?, ?> && !(value instanceof Callable) ? new Undefined("the attribute") : value;
      }
      case "safe" -> input;
      case "tojson" -> JsonText.filter(definite(input), arguments);
      case "abs" -> Numbers.absolute(number(input));
      case "int" -> NumberFilters.integer(input, arguments);
      case "float" -> NumberFilters.real(input, arguments);
      case "round" -> NumberFilters.round(number(input), arguments);
      case "filesizeformat" -> NumberFilters.fileSize(input, arguments);
      case "batch", "count", "dictsort", "first", "groupby", "items", "join", "last", "length", "list", "map", "max", "min", "reject",
          "rejectattr", "reverse", "select", "selectattr", "slice", "sort", "sum", "unique" ->
          sequences.apply(name, input, arguments);
      default -> {
        if (!NAMES.contains(name)) {
          throw new TemplateException("No filter named '" + name + "'");
        }
        yield text.apply(name, input, arguments);
      }
    };
  }

  private static @Nullable Object definite(@Nullable Object input) {
    if (input instanceof Undefined) {
      throw new TemplateException("Object of type Undefined is not JSON serializable");
    }
    return input;
  }

  private static @Nullable Object number(@Nullable Object input) {
    if (input instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!Values.isNumber(input)) {
      throw new TemplateException("a number is needed, not " + Values.typeName(input));
    }
    return input;
  }
}
