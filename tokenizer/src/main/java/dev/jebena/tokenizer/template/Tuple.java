package dev.jebena.tokenizer.template;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Python tuple.
 *
 * @param names names of the items, if they have any, as a named tuple's
 */
record Tuple(List<@Nullable Object> items, List<String> names) {

  Tuple(List<@Nullable Object> items) {
    this(items, List.of());
  }

  static Tuple of(@Nullable Object... items) {
    return new Tuple(Arrays.asList(items));
  }

  static Tuple named(List<String> names, @Nullable Object... items) {
    return new Tuple(Arrays.asList(items), names);
  }
}
