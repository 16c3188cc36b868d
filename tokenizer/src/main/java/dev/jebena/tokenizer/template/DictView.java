package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code keys}, {@code values} and {@code items} of a dict give: it can be iterated and counted, but not indexed. */
record DictView(Map<?, ?> map, Part part) {

  /** What of a dict it shows. */
  enum Part {
    KEYS,
    VALUES,
    ITEMS
  }

  List<@Nullable Object> items() {
    List<@Nullable Object> items = new ArrayList<>(map.size());
    switch (part) {
      case KEYS -> items.addAll(map.keySet());
      case VALUES -> items.addAll(map.values());
      case ITEMS -> map.forEach((key, value) -> items.add(Tuple.of(key, value)));
    }
    return items;
  }

  String typeName() {
    return switch (part) {
      case KEYS -> "dict_keys";
      case VALUES -> "dict_values";
      case ITEMS -> "dict_items";
    };
  }
}
