package dev.jebena.tokenizer.template;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keys of dicts: Python takes 1, 1.0 and True for the same key, and keeps the one that came first. */
final class Dicts {

  private Dicts() {}

  static Map<@Nullable Object, @Nullable Object> create() {
    return new LinkedHashMap<>();
  }

  /** The key of the map that equals {@code key}; {@link Values#MISSING} if there is none. */
  static @Nullable Object find(Map<?, ?> map, @Nullable Object key) {
    if (key instanceof String || key == null) {
      return map.containsKey(key) ? key : Values.MISSING;
    }
    Values.requireHashable(key);
    if (key instanceof Markup markup) {
      return find(map, markup.text());
    }
    if (map.containsKey(key)) {
      return key;
    }
    if (key instanceof Tuple) {
      for (Object candidate : map.keySet()) {
        if (candidate instanceof Tuple && Values.equal(candidate, key)) {
          return candidate;
        }
      }
    }
    return Values.isNumber(key) ? findNumber(map, key) : Values.MISSING;
  }

  private static @Nullable Object findNumber(Map<?, ?> map, Object key) {
    for (Object same : List.of(Numbers.real(key), integer(key), Numbers.real(key) == 1)) {
      if (map.containsKey(same) && Numbers.equal(same, key)) {
        return same;
      }
    }
    return Values.MISSING;
  }

  private static Object integer(Object key) {
    return switch (key) {
      case Boolean bool -> bool ? 1L : 0L;
      case Double number when number == Math.rint(number) && Math.abs(number) < 1e18 -> number.longValue();
      case Long number -> number;
      case BigInteger number -> number;
      default -> 0L;
    };
  }

  static void put(Map<@Nullable Object, @Nullable Object> map, @Nullable Object key, @Nullable Object value) {
    Object plain = key instanceof Markup markup ? markup.text() : key;
    Object same = find(map, plain);
    map.put(same == Values.MISSING ? plain : same, value);
  }

  /** The function {@code dict}: mappings, pairs and names. */
  static Map<@Nullable Object, @Nullable Object> of(Arguments arguments, Run run) {
    Map<@Nullable Object, @Nullable Object> map = create();
    if (arguments.positional().size() > 1) {
      throw new Failure("dict expected at most 1 argument, got " + arguments.positional().size());
    }
    for (Object source : arguments.positional()) {
      if (source instanceof Map<?, ?> other) {
        map.putAll(other);
      } else {
        Iterator<@Nullable Object> pairs = Values.iterator(source);
        while (pairs.hasNext()) {
          List<@Nullable Object> pair = Values.items(pairs.next(), run.budget);
          if (pair.size() != 2) {
            throw new Failure("a dict is made of pairs; one has " + pair.size() + " items");
          }
          put(map, pair.get(0), pair.get(1));
        }
      }
    }
    map.putAll(arguments.named());
    return map;
  }
}
