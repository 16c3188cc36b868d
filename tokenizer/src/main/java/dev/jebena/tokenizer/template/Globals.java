package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template has. */
final class Globals {

  private static final int MAX_RANGE = 100_000;

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

  static void define(Scope scope, Clock clock, Budget budget) {
    function(scope, "raise_exception", arguments -> {
      throw new Raise(PythonText.str(arguments.required(0, "message")));
    });
    function(scope, "strftime_now", arguments -> Strftime.format(ZonedDateTime.now(clock), arguments.text(0, "format", "")));
    function(scope, "range", arguments -> range(arguments, budget));
    function(scope, "dict", Globals::dict);
    function(scope, "namespace", arguments -> {
      Namespace namespace = new Namespace();
      ((Map<?, ?>) dict(arguments)).forEach((key, value) -> namespace.attributes.put(PythonText.str(key), value));
      return namespace;
    });
    function(scope, "cycler", arguments -> new Cycler(arguments.positional()));
    function(scope, "joiner", arguments -> joiner(arguments.text(0, "sep", ", ")));
  }

  private static void function(Scope scope, String name, Callable function) {
    scope.set(name, function);
  }

  private static Object range(Arguments arguments, Budget budget) {
    int count = arguments.positional().size();
    if (count < 1 || count > 3) {
      throw new TemplateException("range takes 1 to 3 arguments, " + count + " are given");
    }
    long from = count == 1 ? 0 : integer(arguments, 0);
    long to = count == 1 ? integer(arguments, 0) : integer(arguments, 1);
    long step = count == 3 ? integer(arguments, 2) : 1;
    if (step == 0) {
      throw new TemplateException("range() arg 3 must not be zero");
    }
    List<@Nullable Object> numbers = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      if (numbers.size() == MAX_RANGE) {
        throw new TemplateException("range too big: a template may ask for " + MAX_RANGE + " numbers");
      }
      numbers.add(i);
    }
    budget.steps(numbers.size());
    return numbers;
  }

  private static long integer(Arguments arguments, int index) {
    Object value = arguments.positional().get(index);
    if (value instanceof Long number && Math.abs(number) < Long.MAX_VALUE / 4) {
      return number;
    }
    if (value instanceof Boolean bool) {
      return bool ? 1 : 0;
    }
    throw new TemplateException("range needs integers, not " + Values.typeName(value));
  }

  private static Object dict(Arguments arguments) {
    Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
    for (Object source : arguments.positional()) {
      if (source instanceof Map<?, ?> other) {
        other.forEach((key, value) -> map.put(Values.of(key), Values.of(value)));
      } else {
        for (Object pair : Values.items(source)) {
          List<@Nullable Object> parts = Values.items(pair);
          if (parts.size() != 2) {
            throw new TemplateException("dict needs pairs, found " + parts.size() + " items");
          }
          map.put(parts.get(0), parts.get(1));
        }
      }
    }
    map.putAll(arguments.named());
    return map;
  }

  private static Callable joiner(String separator) {
    boolean[] used = {false};
    return arguments -> {
      String text = used[0] ? separator : "";
      used[0] = true;
      return text;
    };
  }

  /** What {@code cycler()} makes. */
  static final class Cycler {

    private final List<@Nullable Object> items;
    private int at;

    Cycler(List<@Nullable Object> items) {
      if (items.isEmpty()) {
        throw new TemplateException("cycler needs at least one item");
      }
      this.items = items;
    }

    @Nullable Object attribute(String name) {
      return switch (name) {
        case "current" -> items.get(at);
        case "next" -> (Callable) arguments -> {
          Object item = items.get(at);
          at = (at + 1) % items.size();
          return item;
        };
        case "reset" -> (Callable) arguments -> {
          at = 0;
          return null;
        };
        default -> new Undefined("'cycler." + name + "'");
      };
    }
  }
}
