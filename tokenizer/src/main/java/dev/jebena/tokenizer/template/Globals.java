package dev.jebena.tokenizer.template;

import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template has. */
final class Globals {

  static final Map<String, Callable> FUNCTIONS =
      Map.of(
          "raise_exception", (arguments, run) -> {
            throw new Raise(PythonText.str(arguments.bind("raise_exception", 1, "message")[0]));
          },
          "strftime_now", (arguments, run) ->
              Strftime.format(
                  ZonedDateTime.now(run.clock), Arguments.text("the format", arguments.bind("strftime_now", 1, "format")[0]), run.budget),
          "range", (arguments, run) -> Range.of(arguments),
          "dict", Dicts::of,
          "namespace", (arguments, run) -> new Namespace(Dicts.of(arguments, run)),
          "cycler", (arguments, run) -> new Cycler(arguments.positionalOnly("cycler", 0, Integer.MAX_VALUE)),
          "joiner", (arguments, run) -> new Joiner(Arguments.or(arguments.bind("joiner", 0, "sep")[0], ", ")),
          "lipsum", (arguments, run) -> {
            throw new Failure("lipsum makes up a random text: it is not supported");
          });

  private Globals() {}

  /** Carries what {@code raise_exception} said to where the place in the source is known. */
  static final class Raise extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Raise(String said) {
      super(said, null, false, false);
    }

    String said() {
      return String.valueOf(getMessage());
    }
  }

  /** What {@code joiner()} makes: nothing when it is called first, the separator afterwards. */
  private static final class Joiner implements Callable {

    private final @Nullable Object separator;
    private boolean used;

    Joiner(@Nullable Object separator) {
      this.separator = separator;
    }

    @Override
    public @Nullable Object call(Arguments arguments, Run run) {
      arguments.positionalOnly("joiner", 0, 0);
      Object text = used ? separator : "";
      used = true;
      return text;
    }

    @Override
    public @Nullable Object attribute(String name) {
      return name.equals("sep") ? separator : name.equals("used") ? used : Values.MISSING;
    }
  }

  /** What {@code cycler()} makes. */
  static final class Cycler {

    private final List<@Nullable Object> items;
    private int at;

    Cycler(List<@Nullable Object> items) {
      if (items.isEmpty()) {
        throw new Failure("at least one item has to be provided");
      }
      this.items = items;
    }

    @Nullable Object attribute(String name) {
      return switch (name) {
        case "current" -> items.get(at);
        case "items" -> new Tuple(items);
        case "pos" -> (long) at;
        case "next" -> (Callable) (arguments, run) -> {
          arguments.positionalOnly("next", 0, 0);
          Object item = items.get(at);
          at = (at + 1) % items.size();
          return item;
        };
        case "reset" -> (Callable) (arguments, run) -> {
          arguments.positionalOnly("reset", 0, 0);
          at = 0;
          return null;
        };
        default -> Values.MISSING;
      };
    }
  }
}
