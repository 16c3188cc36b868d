package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A string that {@code safe} or {@code escape} made: what is joined to it is escaped for HTML, as Python's markupsafe does. */
record Markup(String text) {

  /** The methods of strings whose results are markup again. */
  private static final Set<String> KEPT =
      Set.of(
          "capitalize", "center", "expandtabs", "format", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix",
          "replace", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "strip", "swapcase", "title", "translate", "upper",
          "zfill");

  /** The methods that escape what goes into the text. */
  private static final Set<String> ESCAPING = Set.of("center", "format", "join", "ljust", "replace", "rjust");

  static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;").replace("\"", "&#34;");
  }

  /** The text of a value, escaped unless it is markup already. */
  static String escaped(@Nullable Object value) {
    return value instanceof Markup markup ? markup.text : escape(PythonText.str(value));
  }

  /** Calls a method of strings. */
  @Nullable Object call(String name, Arguments arguments, Run run) {
    Object result = StringMethods.call(text, name, ESCAPING.contains(name) ? escaped(arguments) : arguments, run);
    return KEPT.contains(name) ? marked(result) : result;
  }

  private static @Nullable Object marked(@Nullable Object result) {
    return switch (result) {
      case String text -> new Markup(text);
      case Tuple tuple -> new Tuple(marked(tuple.items()));
      case List<?> list -> marked(list);
      case null, default -> result;
    };
  }

  private static List<@Nullable Object> marked(List<?> items) {
    List<@Nullable Object> all = new ArrayList<>();
    items.forEach(item -> all.add(marked(item)));
    return all;
  }

  private static Arguments escaped(Arguments arguments) {
    List<@Nullable Object> positional = new ArrayList<>();
    arguments.positional().forEach(value -> positional.add(escapedArgument(value)));
    Map<String, @Nullable Object> named = Arguments.names();
    arguments.named().forEach((name, value) -> named.put(name, escapedArgument(value)));
    return new Arguments(positional, named);
  }

  private static @Nullable Object escapedArgument(@Nullable Object value) {
    return switch (value) {
      case String text -> escape(text);
      case Markup markup -> markup.text;
      case List<?> list -> {
        List<@Nullable Object> all = new ArrayList<>();
        list.forEach(item -> all.add(escapedArgument(item)));
        yield all;
      }
      case null, default -> value;
    };
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Markup markup ? markup.text.equals(text) : text.equals(other);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }
}
