package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Python's values in Java's: None is null, int is Long or (beyond it) BigInteger, float is Double, list is List, dict is Map in the order of
 * insertion.
 */
final class Values {

  private Values() {}

  /** Brings what a caller passes in to the types above. */
  static @Nullable Object of(@Nullable Object value) {
    return switch (value) {
      case Integer number -> number.longValue();
      case Short number -> number.longValue();
      case Byte number -> number.longValue();
      case Float number -> number.doubleValue();
      case BigInteger number -> Numbers.shrink(number);
      case Character character -> character.toString();
      case null, default -> value;
    };
  }

  static boolean isTrue(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Boolean bool -> bool;
      case Long number -> number != 0;
      case Double number -> number != 0;
      case String text -> !text.isEmpty();
      case Collection<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      case Tuple tuple -> !tuple.items().isEmpty();
      case Undefined undefined -> false;
      default -> true;
    };
  }

  /** The name of a value's Python type. */
  static String typeName(@Nullable Object value) {
    return switch (value) {
      case null -> "None";
      case Boolean bool -> "bool";
      case Long number -> "int";
      case BigInteger number -> "int";
      case Double number -> "float";
      case String text -> "str";
      case List<?> list -> "list";
      case Map<?, ?> map -> "dict";
      case Tuple tuple -> "tuple";
      case Undefined undefined -> "Undefined";
      case Namespace namespace -> "Namespace";
      case Generator generator -> "generator";
      default -> "object";
    };
  }

  static boolean isNumber(@Nullable Object value) {
    return value instanceof Long || value instanceof Double || value instanceof BigInteger || value instanceof Boolean;
  }

  @SuppressWarnings("ReferenceEquality") // only a short cut
  static boolean equal(@Nullable Object a, @Nullable Object b) {
    if (a == b) {
      return true;
    }
    if (isNumber(a) && isNumber(b)) {
      return Numbers.compare(a, b) == 0 && !isNan(a) && !isNan(b);
    }
    if (a instanceof Undefined && b instanceof Undefined) {
      return true;
    }
    if (a instanceof List<?> left && b instanceof List<?> right) {
      return equalItems(left, right);
    }
    if (a instanceof Tuple left && b instanceof Tuple right) {
      return equalItems(left.items(), right.items());
    }
    if (a instanceof Map<?, ?> left && b instanceof Map<?, ?> right) {
      if (left.size() != right.size()) {
        return false;
      }
      for (Map.Entry<?, ?> entry : left.entrySet()) {
        if (!right.containsKey(entry.getKey()) || !equal(of(entry.getValue()), of(right.get(entry.getKey())))) {
          return false;
        }
      }
      return true;
    }
    return Objects.equals(a, b);
  }

  private static boolean isNan(@Nullable Object value) {
    return value instanceof Double number && number.isNaN();
  }

  private static boolean equalItems(List<?> left, List<?> right) {
    if (left.size() != right.size()) {
      return false;
    }
    for (int i = 0; i < left.size(); i++) {
      if (!equal(of(left.get(i)), of(right.get(i)))) {
        return false;
      }
    }
    return true;
  }

  /** Python's order; what has none is an error. */
  static int compare(@Nullable Object a, @Nullable Object b, String operator) {
    if (isNumber(a) && isNumber(b)) {
      return Numbers.compare(a, b);
    }
    if (a instanceof String left && b instanceof String right) {
      return compareText(left, right);
    }
    List<?> left = a instanceof List<?> list ? list : a instanceof Tuple tuple ? tuple.items() : null;
    List<?> right = b instanceof List<?> list ? list : b instanceof Tuple tuple ? tuple.items() : null;
    if (left != null && right != null && a instanceof Tuple == b instanceof Tuple) {
      for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
        if (!equal(of(left.get(i)), of(right.get(i)))) {
          return compare(of(left.get(i)), of(right.get(i)), operator);
        }
      }
      return Integer.compare(left.size(), right.size());
    }
    if (a instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (b instanceof Undefined undefined) {
      throw undefined.error();
    }
    throw new TemplateException("'" + operator + "' not supported between instances of '" + typeName(a) + "' and '" + typeName(b) + "'");
  }

  /** Python orders strings by code points, Java by UTF-16 units. */
  private static int compareText(String a, String b) {
    for (int i = 0; i < Math.min(a.length(), b.length()); i++) {
      if (a.charAt(i) != b.charAt(i)) {
        boolean surrogates = Character.isSurrogate(a.charAt(i)) != Character.isSurrogate(b.charAt(i));
        int order = Character.compare(a.charAt(i), b.charAt(i));
        return surrogates ? (Character.isSurrogate(a.charAt(i)) ? 1 : -1) : order;
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  /** The items that a loop over a value sees. */
  static List<@Nullable Object> items(@Nullable Object value) {
    List<@Nullable Object> items = new ArrayList<>();
    switch (value) {
      case String text -> text.codePoints().forEach(point -> items.add(Character.toString(point)));
      case Collection<?> list -> list.forEach(item -> items.add(of(item)));
      case Tuple tuple -> items.addAll(tuple.items());
      case Map<?, ?> map -> map.keySet().forEach(key -> items.add(of(key)));
      case Undefined undefined -> {}
      case Generator generator -> items.addAll(generator.take());
      case null, default -> throw new TemplateException("'" + typeName(value) + "' object is not iterable");
    }
    return items;
  }

  static boolean isIterable(@Nullable Object value) {
    return value instanceof String || value instanceof Collection<?> || value instanceof Tuple || value instanceof Map<?, ?>
        || value instanceof Undefined
        || value instanceof Generator;
  }

  static long length(@Nullable Object value) {
    return switch (value) {
      case String text -> text.codePointCount(0, text.length());
      case Collection<?> list -> list.size();
      case Tuple tuple -> tuple.items().size();
      case Map<?, ?> map -> map.size();
      case Undefined undefined -> 0;
      case null, default -> throw new TemplateException("object of type '" + typeName(value) + "' has no len()");
    };
  }

  static boolean contains(@Nullable Object container, @Nullable Object value) {
    return switch (container) {
      case String text -> {
        if (value instanceof String part) {
          yield text.contains(part);
        }
        throw new TemplateException("'in <string>' requires string as left operand, not " + typeName(value));
      }
      case Map<?, ?> map -> map.keySet().stream().anyMatch(key -> equal(of(key), value));
      case Undefined undefined -> false;
      case null, default -> {
        if (!isIterable(container)) {
          throw new TemplateException("argument of type '" + typeName(container) + "' is not iterable");
        }
        yield items(container).stream().anyMatch(item -> equal(item, value));
      }
    };
  }
}
