package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Python's values in Java's: None is null, int is Long or (beyond it) BigInteger, float is Double, str is String, list is List, dict is Map
 * in the order of insertion; what else there is has a class of its own.
 */
final class Values {

  /** Stands for no value at all, where null would be None. */
  static final Missing MISSING = Missing.VALUE;

  /** The type of {@link #MISSING}. */
  enum Missing {
    VALUE
  }

  private static final int MAX_DEPTH = 200;

  private Values() {}

  /** Brings what a caller passes in to the types above; what has no place among them is refused. */
  static @Nullable Object of(@Nullable Object value) {
    return of(value, 0);
  }

  private static @Nullable Object of(@Nullable Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new Failure("a value given to the template is nested deeper than " + MAX_DEPTH);
    }
    return switch (value) {
      case null -> null;
      case String text -> text;
      case Boolean bool -> bool;
      case Long number -> number;
      case Double number -> number;
      case Map<?, ?> map -> {
        Map<@Nullable Object, @Nullable Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
        map.forEach((key, each) -> copy.put(of(key, depth + 1), of(each, depth + 1)));
        yield copy;
      }
      case Iterable<?> list -> {
        List<@Nullable Object> copy = new ArrayList<>();
        list.forEach(item -> copy.add(of(item, depth + 1)));
        yield copy;
      }
      case Integer number -> number.longValue();
      case Short number -> number.longValue();
      case Byte number -> number.longValue();
      case Float number -> number.doubleValue();
      case BigInteger number -> Numbers.shrink(number);
      case CharSequence text -> text.toString();
      case Character character -> character.toString();
      default -> throw new Failure("a template takes no value of " + value.getClass());
    };
  }

  /** The text of a string or of markup, else null. */
  static @Nullable String text(@Nullable Object value) {
    return switch (value) {
      case String text -> text;
      case Markup markup -> markup.text();
      case null, default -> null;
    };
  }

  static boolean isTrue(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Boolean bool -> bool;
      case String text -> !text.isEmpty();
      case Long number -> number != 0;
      case Double number -> number != 0;
      case List<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      case Undefined undefined -> false;
      case Tuple tuple -> !tuple.items().isEmpty();
      case Markup markup -> !markup.text().isEmpty();
      case Range range -> range.length() > 0;
      case DictView view -> !view.map().isEmpty();
      default -> true;
    };
  }

  /** The name of a value's Python type. */
  static String typeName(@Nullable Object value) {
    return switch (value) {
      case null -> "NoneType";
      case Boolean bool -> "bool";
      case Long number -> "int";
      case BigInteger number -> "int";
      case Double number -> "float";
      case String text -> "str";
      case Markup markup -> "Markup";
      case List<?> list -> "list";
      case Map<?, ?> map -> "dict";
      case Tuple tuple -> tuple.names().isEmpty() ? "tuple" : "_GroupTuple";
      case Range range -> "range";
      case DictView view -> view.typeName();
      case Undefined undefined -> "Undefined";
      case Namespace namespace -> "Namespace";
      case Lazy lazy -> "generator";
      case LoopState loop -> "LoopContext";
      case Macro macro -> "Macro";
      case Globals.Cycler cycler -> "Cycler";
      case Callable callable -> "function";
      default -> "object";
    };
  }

  /** The name of a value's type with its module, where it is none of Python's own. */
  static String longTypeName(@Nullable Object value) {
    String module = switch (value) {
      case Markup markup -> "markupsafe.";
      case Tuple tuple when !tuple.names().isEmpty() -> "jinja2.filters.";
      case Undefined undefined -> "jinja2.runtime.";
      case LoopState loop -> "jinja2.runtime.";
      case Macro macro -> "jinja2.runtime.";
      case Namespace namespace -> "jinja2.utils.";
      case Globals.Cycler cycler -> "jinja2.utils.";
      case null, default -> "";
    };
    return module + typeName(value);
  }

  static boolean isNumber(@Nullable Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean || value instanceof BigInteger;
  }

  @SuppressWarnings("ReferenceEquality") // what is identical is equal, but for NaN
  static boolean equal(@Nullable Object a, @Nullable Object b) {
    if (a == b) {
      return !(a instanceof Double number && number.isNaN());
    }
    return switch (a) {
      case null -> false;
      case String text -> b instanceof String ? text.equals(b) : b instanceof Markup markup && text.equals(markup.text());
      case Markup markup -> markup.text().equals(text(b));
      case List<?> list -> b instanceof List<?> other && equalItems(list, other);
      case Tuple tuple -> b instanceof Tuple other && equalItems(tuple.items(), other.items());
      case Map<?, ?> map -> b instanceof Map<?, ?> other && equalMaps(map, other);
      case Range range -> b instanceof Range other && range.length() == other.length()
          && (range.length() == 0 || range.start() == other.start() && (range.length() == 1 || range.step() == other.step()));
      case DictView view -> b instanceof DictView other && view.part() != DictView.Part.VALUES
          && view.part() == other.part() && equalMaps(toMap(view), toMap(other));
      case Undefined undefined -> b instanceof Undefined;
      default -> isNumber(a) && isNumber(b) && Numbers.equal(a, b);
    };
  }

  private static Map<@Nullable Object, @Nullable Object> toMap(DictView view) {
    Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
    view.map().forEach((key, value) -> map.put(key, view.part() == DictView.Part.ITEMS ? value : null));
    return map;
  }

  private static boolean equalMaps(Map<?, ?> left, Map<?, ?> right) {
    if (left.size() != right.size()) {
      return false;
    }
    for (Map.Entry<?, ?> entry : left.entrySet()) {
      Object key = Dicts.find(right, entry.getKey());
      if (key == MISSING || !equal(entry.getValue(), right.get(key))) {
        return false;
      }
    }
    return true;
  }

  @SuppressWarnings("ReferenceEquality") // Python's lists compare identities first
  private static boolean equalItems(List<?> left, List<?> right) {
    if (left.size() != right.size()) {
      return false;
    }
    for (int i = 0; i < left.size(); i++) {
      if (left.get(i) != right.get(i) && !equal(left.get(i), right.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** Python's order; what has none is an error. */
  static int compare(@Nullable Object a, @Nullable Object b, String operator) {
    String x = text(a);
    String y = text(b);
    if (x != null && y != null) {
      return compareText(x, y);
    }
    if (a instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (b instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (a instanceof List<?> left && b instanceof List<?> right) {
      return compareItems(left, right, operator);
    }
    if (a instanceof Tuple left && b instanceof Tuple right) {
      return compareItems(left.items(), right.items(), operator);
    }
    if (isNumber(a) && isNumber(b)) {
      return Numbers.compare(a, b);
    }
    throw new Failure("'" + operator + "' not supported between instances of '" + typeName(a) + "' and '" + typeName(b) + "'");
  }

  private static int compareItems(List<?> left, List<?> right, String operator) {
    for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
      if (!equal(left.get(i), right.get(i))) {
        return compare(left.get(i), right.get(i), operator);
      }
    }
    return Integer.compare(left.size(), right.size());
  }

  /** Python orders strings by code points, Java by UTF-16 units. */
  static int compareText(String a, String b) {
    for (int i = 0; i < Math.min(a.length(), b.length()); i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean surrogates = Character.isSurrogate(x) != Character.isSurrogate(y);
        return surrogates ? (Character.isSurrogate(x) ? 1 : -1) : Character.compare(x, y);
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  /** What a loop over a value sees. */
  @SuppressWarnings("unchecked")
  static Iterator<@Nullable Object> iterator(@Nullable Object value) {
    return switch (value) {
      case List<?> list -> (Iterator<@Nullable Object>) list.iterator();
      case Map<?, ?> map -> (Iterator<@Nullable Object>) map.keySet().iterator();
      case String text -> Strings.characters(text).iterator();
      case Tuple tuple -> tuple.items().iterator();
      case Lazy lazy -> lazy.iterator();
      case Range range -> range.iterator();
      case DictView view -> view.items().iterator();
      case Undefined undefined -> Collections.emptyIterator();
      case Markup markup -> Strings.characters(markup.text()).iterator();
      case LoopState loop -> loop.itself();
      case null, default -> throw new Failure("'" + typeName(value) + "' object is not iterable");
    };
  }

  /** All that a loop over a value sees, as a list of one's own. */
  static List<@Nullable Object> items(@Nullable Object value, Budget budget) {
    List<@Nullable Object> items = new ArrayList<>();
    Iterator<@Nullable Object> iterator = iterator(value);
    while (iterator.hasNext()) {
      budget.step();
      items.add(iterator.next());
    }
    budget.builds(items.size());
    return items;
  }

  static boolean isIterable(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case String text -> true;
      case Markup markup -> true;
      case List<?> list -> true;
      case Map<?, ?> map -> true;
      case Tuple tuple -> true;
      case Lazy lazy -> true;
      case Range range -> true;
      case DictView view -> true;
      case Undefined undefined -> true;
      case LoopState loop -> true;
      default -> false;
    };
  }

  /** The length of what has one, else -1. */
  static long sizeOf(@Nullable Object value) {
    return switch (value) {
      case null -> -1;
      case String text -> text.codePointCount(0, text.length());
      case Markup markup -> markup.text().codePointCount(0, markup.text().length());
      case List<?> list -> list.size();
      case Map<?, ?> map -> map.size();
      case Tuple tuple -> tuple.items().size();
      case Range range -> range.length();
      case DictView view -> view.map().size();
      case Undefined undefined -> 0;
      case LoopState loop -> loop.length();
      default -> -1;
    };
  }

  static long length(@Nullable Object value) {
    long size = sizeOf(value);
    if (size < 0) {
      throw new Failure("object of type '" + typeName(value) + "' has no len()");
    }
    return size;
  }

  static boolean contains(@Nullable Object container, @Nullable Object value, Budget budget) {
    String text = text(container);
    if (text != null) {
      String part = text(value);
      if (part == null) {
        throw new Failure("'in <string>' requires string as left operand, not " + typeName(value));
      }
      budget.reads(text.length());
      return text.contains(part);
    }
    return switch (container) {
      case Map<?, ?> map -> Dicts.find(map, value) != MISSING;
      case DictView view when view.part() == DictView.Part.KEYS -> Dicts.find(view.map(), value) != MISSING;
      case Range range when value instanceof Long -> range.indexOf(value) >= 0;
      case null, default -> {
        if (!isIterable(container)) {
          throw new Failure("argument of type '" + typeName(container) + "' is not iterable");
        }
        yield anyEqual(iterator(container), value, budget);
      }
    };
  }

  @SuppressWarnings("ReferenceEquality") // Python's containers compare identities first
  private static boolean anyEqual(Iterator<@Nullable Object> items, @Nullable Object value, Budget budget) {
    while (items.hasNext()) {
      budget.step();
      Object item = items.next();
      if (item == value || equal(item, value)) {
        return true;
      }
    }
    return false;
  }

  static void requireHashable(@Nullable Object value) {
    switch (value) {
      case List<?> list -> throw new Failure("unhashable type: 'list'");
      case Map<?, ?> map -> throw new Failure("unhashable type: 'dict'");
      case DictView view -> throw new Failure("unhashable type: '" + view.typeName() + "'");
      case Tuple tuple -> tuple.items().forEach(Values::requireHashable);
      case null, default -> {}
    }
  }
}
