package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes, items and slices, as jinja2's immutable sandbox lets a template see them. */
final class Lookups {

  /** Methods that would change a value; a template must not. */
  private static final Set<String> CHANGING =
      Set.of("append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update");

  private static final Set<String> DICT_METHODS = Set.of("copy", "get", "items", "keys", "values");

  private Lookups() {}

  /** {@code object.name}: a method, or else the item of that name. */
  static @Nullable Object attribute(@Nullable Object object, String name, Budget budget) {
    return switch (object) {
      case Undefined undefined -> throw undefined.error();
      case Map<?, ?> map -> {
        if (DICT_METHODS.contains(name)) {
          yield dictMethod(map, name);
        }
        yield CHANGING.contains(name) && name.matches("clear|pop|popitem|setdefault|update")
            ? refused("dict", name)
            : item(map, name, budget);
      }
      case String text -> StringMethods.has(name)
          ? (Callable) arguments -> StringMethods.call(text, name, arguments, budget)
          : missing(object, name);
      case List<?> list -> listAttribute(list, name);
      case Tuple tuple -> tuple.names().contains(name)
          ? tuple.items().get(tuple.names().indexOf(name))
          : listAttribute(tuple.items(), name);
      case Namespace namespace -> namespace.attributes.containsKey(name) ? namespace.attributes.get(name) : missing(object, name);
      case LoopState loop -> loop.attribute(name);
      case Globals.Cycler cycler -> cycler.attribute(name);
      case Double number -> name.equals("is_integer") ? (Callable) arguments -> number == Math.rint(number) : missing(object, name);
      case null, default -> missing(object, name);
    };
  }

  private static Undefined missing(@Nullable Object object, String name) {
    return new Undefined("'" + Values.typeName(object) + " object' has no attribute '" + name + "', it");
  }

  private static Callable refused(String type, String name) {
    return arguments -> {
      throw new TemplateException("access to attribute '" + name + "' of '" + type + "' object is unsafe: templates cannot change values");
    };
  }

  private static Callable dictMethod(Map<?, ?> map, String name) {
    return arguments -> switch (name) {
      case "get" -> {
        arguments.allow("key", "default");
        Object key = arguments.required(0, "key");
        yield map.containsKey(key) ? Values.of(map.get(key)) : arguments.get(1, "default", null);
      }
      case "keys" -> Values.items(map);
      case "values" -> {
        List<@Nullable Object> values = new ArrayList<>();
        map.values().forEach(value -> values.add(Values.of(value)));
        yield values;
      }
      case "items" -> pairs(map);
      default -> new LinkedHashMap<>(map);
    };
  }

  /** Key and value of each entry, as tuples. */
  static List<@Nullable Object> pairs(Map<?, ?> map) {
    List<@Nullable Object> pairs = new ArrayList<>();
    map.forEach((key, value) -> pairs.add(Tuple.of(Values.of(key), Values.of(value))));
    return pairs;
  }

  private static @Nullable Object listAttribute(List<?> list, String name) {
    if (CHANGING.contains(name)) {
      return refused("list", name);
    }
    return switch (name) {
      case "count" -> (Callable) arguments -> {
        Object wanted = arguments.required(0, "value");
        return list.stream().filter(item -> Values.equal(Values.of(item), wanted)).count();
      };
      case "index" -> (Callable) arguments -> {
        Object wanted = arguments.required(0, "value");
        for (int i = 0; i < list.size(); i++) {
          if (Values.equal(Values.of(list.get(i)), wanted)) {
            return (long) i;
          }
        }
        throw new TemplateException(PythonText.repr(wanted) + " is not in list");
      };
      case "copy" -> (Callable) arguments -> new ArrayList<>(list);
      default -> missing(list, name);
    };
  }

  /** {@code object[key]}: an item, or else, for a string, the attribute of that name. */
  static @Nullable Object item(@Nullable Object object, @Nullable Object key, Budget budget) {
    return switch (object) {
      case Undefined undefined -> throw undefined.error();
      case Map<?, ?> map -> {
        if (map.containsKey(key)) {
          yield Values.of(map.get(key));
        }
        yield key instanceof String name && DICT_METHODS.contains(name)
            ? dictMethod(map, name)
            : new Undefined("'dict object' has no attribute " + PythonText.repr(key) + ", it");
      }
      case List<?> list when isIndex(key) -> indexed(list, index(key), object);
      case Tuple tuple when isIndex(key) -> indexed(tuple.items(), index(key), object);
      case String text when isIndex(key) -> {
        int[] points = text.codePoints().toArray();
        long at = index(key) < 0 ? index(key) + points.length : index(key);
        yield at >= 0 && at < points.length ? Character.toString(points[(int) at]) : outside(object, key);
      }
      case null, default -> key instanceof String name ? attribute(object, name, budget) : outside(object, key);
    };
  }

  private static boolean isIndex(@Nullable Object key) {
    return key instanceof Long || key instanceof Boolean;
  }

  private static long index(@Nullable Object key) {
    return (long) Numbers.real(key);
  }

  private static @Nullable Object indexed(List<?> list, long key, @Nullable Object object) {
    long at = key < 0 ? key + list.size() : key;
    return at >= 0 && at < list.size() ? Values.of(list.get((int) at)) : outside(object, key);
  }

  private static Undefined outside(@Nullable Object object, @Nullable Object key) {
    return new Undefined("'" + Values.typeName(object) + " object' has no item " + PythonText.repr(key) + ", it");
  }

  /** {@code object[from:to:step]}, with Python's rules for what is negative or beyond the end. */
  static @Nullable Object slice(@Nullable Object object, @Nullable Object from, @Nullable Object to, @Nullable Object step) {
    if (object instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!(object instanceof String || object instanceof List<?> || object instanceof Tuple)) {
      throw new TemplateException("'" + Values.typeName(object) + "' object is not subscriptable with a slice");
    }
    List<@Nullable Object> items = Values.items(object);
    int size = items.size();
    long stride = bound(step, 1);
    if (stride == 0) {
      throw new TemplateException("slice step cannot be zero");
    }
    boolean up = stride > 0;
    long first = from == null ? (up ? 0 : size - 1) : clamp(bound(from, 0), size, up);
    long last = to == null ? (up ? size : -1) : clamp(bound(to, 0), size, up);
    List<@Nullable Object> taken = new ArrayList<>();
    for (long i = first; up ? i < last : i > last; i += stride) {
      taken.add(items.get((int) i));
    }
    return switch (object) {
      case String text -> {
        StringBuilder part = new StringBuilder();
        taken.forEach(part::append);
        yield part.toString();
      }
      case Tuple tuple -> new Tuple(taken);
      default -> taken;
    };
  }

  private static long bound(@Nullable Object value, long otherwise) {
    if (value == null) {
      return otherwise;
    }
    if (!isIndex(value)) {
      throw new TemplateException("slice indices must be integers or None, not " + Values.typeName(value));
    }
    return index(value);
  }

  private static long clamp(long value, int size, boolean up) {
    long at = value < 0 ? value + size : value;
    return up ? Math.max(0, Math.min(at, size)) : Math.max(-1, Math.min(at, size - 1));
  }
}
