package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes and items, as jinja2's immutable sandbox lets a template see them. */
final class Lookups {

  private static final Set<String> CHANGING_DICT = Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> CHANGING_LIST =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  /** What every object of Python has; the sandbox shows none of it. */
  private static final Set<String> INTERNAL =
      Set.of(
          "__class__", "__delattr__", "__dir__", "__doc__", "__eq__", "__format__", "__ge__", "__getattribute__", "__getstate__", "__gt__",
          "__hash__", "__init__", "__init_subclass__", "__le__", "__lt__", "__ne__", "__new__", "__reduce__", "__reduce_ex__", "__repr__",
          "__setattr__", "__sizeof__", "__str__", "__subclasshook__");

  private Lookups() {}

  /** {@code object.name}: a method, or else the item of that name. */
  static @Nullable Object attribute(@Nullable Object object, String name) {
    Object value = own(object, name);
    if (value != Values.MISSING) {
      return value;
    }
    if (object instanceof Map<?, ?> map && map.containsKey(name)) {
      return map.get(name);
    }
    return Undefined.member(object, name);
  }

  /** {@code object[key]}: an item, or else, for a string, the attribute of that name. */
  static @Nullable Object item(@Nullable Object object, @Nullable Object key) {
    if (object instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object value = subscript(object, key);
    String name = Values.text(key);
    if (value == Values.MISSING && name != null) {
      value = own(object, name);
    }
    return value == Values.MISSING ? Undefined.member(object, key) : value;
  }

  /** An attribute of the object itself; {@link Values#MISSING} if it has none of that name. */
  static @Nullable Object own(@Nullable Object object, String name) {
    if (object instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (name.startsWith("__") && INTERNAL.contains(name) && !(object instanceof Namespace)) {
      return Undefined.unsafe(object, name);
    }
    return switch (object) {
      case null -> Values.MISSING;
      case Map<?, ?> map -> CHANGING_DICT.contains(name) ? Undefined.unsafe(map, name) : dictMethod(map, name);
      case String text -> StringMethods.has(name)
          ? (Callable) (arguments, run) -> StringMethods.call(text, name, arguments, run)
          : Values.MISSING;
      case List<?> list -> CHANGING_LIST.contains(name)
          ? Undefined.unsafe(list, name)
          : name.equals("copy") ? copy(list) : sequenceMethod(list, name);
      case Tuple tuple -> tuple.names().contains(name)
          ? tuple.items().get(tuple.names().indexOf(name))
          : sequenceMethod(tuple.items(), name);
      case Namespace namespace -> namespace.attributes.containsKey(name) ? namespace.attributes.get(name) : Values.MISSING;
      case Markup markup -> StringMethods.has(name)
          ? (Callable) (arguments, run) -> markup.call(name, arguments, run)
          : Values.MISSING;
      case Range range -> rangeMember(range, name);
      case Globals.Cycler cycler -> cycler.attribute(name);
      case Callable callable -> callable.attribute(name);
      default -> Values.isNumber(object) ? numberMember(object, name) : Values.MISSING;
    };
  }

  private static @Nullable Object dictMethod(Map<?, ?> map, String name) {
    return switch (name) {
      case "get" -> (Callable) (arguments, run) -> {
        List<@Nullable Object> given = arguments.positionalOnly("get", 1, 2);
        Object key = Dicts.find(map, given.get(0));
        return key != Values.MISSING ? map.get(key) : given.size() == 2 ? given.get(1) : null;
      };
      case "keys" -> view(map, DictView.Part.KEYS, name);
      case "values" -> view(map, DictView.Part.VALUES, name);
      case "items" -> view(map, DictView.Part.ITEMS, name);
      case "copy" -> (Callable) (arguments, run) -> {
        arguments.positionalOnly(name, 0, 0);
        run.budget.builds(map.size());
        return new LinkedHashMap<>(map);
      };
      case "fromkeys" -> (Callable) (arguments, run) -> {
        List<@Nullable Object> given = arguments.positionalOnly(name, 1, 2);
        Map<@Nullable Object, @Nullable Object> made = Dicts.create();
        Values.items(given.get(0), run.budget).forEach(key -> Dicts.put(made, key, given.size() == 2 ? given.get(1) : null));
        return made;
      };
      default -> Values.MISSING;
    };
  }

  private static Callable view(Map<?, ?> map, DictView.Part part, String name) {
    return (arguments, run) -> {
      arguments.positionalOnly(name, 0, 0);
      return new DictView(map, part);
    };
  }

  private static Callable copy(List<?> list) {
    return (arguments, run) -> {
      arguments.positionalOnly("copy", 0, 0);
      return Values.items(list, run.budget);
    };
  }

  private static @Nullable Object sequenceMethod(List<?> list, String name) {
    return switch (name) {
      case "count" -> (Callable) (arguments, run) -> {
        Object wanted = arguments.positionalOnly(name, 1, 1).get(0);
        run.budget.steps(list.size());
        return list.stream().filter(item -> Values.equal(item, wanted)).count();
      };
      case "index" -> (Callable) (arguments, run) -> {
        List<@Nullable Object> given = arguments.positionalOnly(name, 1, 3);
        run.budget.steps(list.size());
        int from = Slices.bound(given, 1, list.size(), 0);
        int to = Slices.bound(given, 2, list.size(), list.size());
        for (int i = from; i < to; i++) {
          if (Values.equal(list.get(i), given.get(0))) {
            return (long) i;
          }
        }
        throw new Failure(PythonText.repr(given.get(0)) + " is not in list");
      };
      default -> Values.MISSING;
    };
  }

  private static @Nullable Object rangeMember(Range range, String name) {
    return switch (name) {
      case "start" -> range.start();
      case "stop" -> range.stop();
      case "step" -> range.step();
      case "count" -> (Callable) (arguments, run) -> range.indexOf(arguments.positionalOnly(name, 1, 1).get(0)) >= 0 ? 1L : 0L;
      case "index" -> (Callable) (arguments, run) -> {
        long index = range.indexOf(arguments.positionalOnly(name, 1, 1).get(0));
        if (index < 0) {
          throw new Failure("the value is not in range");
        }
        return index;
      };
      default -> Values.MISSING;
    };
  }

  private static @Nullable Object numberMember(Object number, String name) {
    boolean real = number instanceof Double;
    return switch (name) {
      case "real" -> Numbers.plus(number);
      case "imag" -> real ? (Object) 0.0 : 0L;
      case "conjugate" -> method(name, Numbers.plus(number));
      case "numerator" -> real ? Values.MISSING : Numbers.plus(number);
      case "denominator" -> real ? Values.MISSING : 1L;
      case "bit_length" -> real ? Values.MISSING : method(name, (long) Numbers.big(number).abs().bitLength());
      case "bit_count" -> real ? Values.MISSING : method(name, (long) Numbers.big(number).abs().bitCount());
      case "is_integer" -> real ? method(name, Numbers.real(number) == Math.rint(Numbers.real(number))
          && !Double.isInfinite(Numbers.real(number))) : Values.MISSING;
      default -> Values.MISSING;
    };
  }

  private static Callable method(String name, Object result) {
    return (arguments, run) -> {
      arguments.positionalOnly(name, 0, 0);
      return result;
    };
  }

  /** {@code object[key]} of Python; {@link Values#MISSING} where it raises TypeError or LookupError. */
  private static @Nullable Object subscript(@Nullable Object object, @Nullable Object key) {
    if (object instanceof Map<?, ?> map) {
      if (key instanceof List<?> || key instanceof Map<?, ?>) {
        return Values.MISSING;
      }
      Object found = Dicts.find(map, key);
      return found == Values.MISSING ? Values.MISSING : map.get(found);
    }
    boolean index = key instanceof Long || key instanceof Boolean || key instanceof BigInteger;
    if (!index || key instanceof BigInteger) {
      return Values.MISSING;
    }
    long at = (long) Numbers.real(key);
    return switch (object) {
      case List<?> list -> indexed(list, at);
      case Tuple tuple -> indexed(tuple.items(), at);
      case Range range -> {
        long from = at < 0 ? at + range.length() : at;
        yield from >= 0 && from < range.length() ? (Object) range.at(from) : Values.MISSING;
      }
      case String text -> character(text, at);
      case Markup markup -> {
        Object character = character(markup.text(), at);
        yield character instanceof String text ? new Markup(text) : character;
      }
      case null, default -> Values.MISSING;
    };
  }

  private static @Nullable Object indexed(List<?> list, long key) {
    long at = key < 0 ? key + list.size() : key;
    return at >= 0 && at < list.size() ? list.get((int) at) : Values.MISSING;
  }

  private static Object character(String text, long key) {
    int length = Strings.length(text);
    long at = key < 0 ? key + length : key;
    if (at < 0 || at >= length) {
      return Values.MISSING;
    }
    return Character.toString(text.codePointAt(length == text.length() ? (int) at : text.offsetByCodePoints(0, (int) at)));
  }
}
