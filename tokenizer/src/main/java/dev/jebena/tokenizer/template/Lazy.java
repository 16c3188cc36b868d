package dev.jebena.tokenizer.template;

import java.util.Iterator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A Python generator: its items are computed when they are asked for, once; it has neither a length nor indices. */
final class Lazy {

  private final Supplier<Iterator<@Nullable Object>> start;
  private @Nullable Iterator<@Nullable Object> iterator;

  /** A generator whose work begins when its first item is asked for. */
  Lazy(Supplier<Iterator<@Nullable Object>> start) {
    this.start = start;
  }

  /** The items that are left. */
  Iterator<@Nullable Object> iterator() {
    if (iterator == null) {
      iterator = start.get();
    }
    return iterator;
  }
}
