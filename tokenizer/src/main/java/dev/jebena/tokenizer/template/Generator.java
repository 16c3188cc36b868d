package dev.jebena.tokenizer.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What Python's lazy filters give: it can be iterated once, and has neither a length nor items. */
final class Generator {

  private List<@Nullable Object> items;

  Generator(List<@Nullable Object> items) {
    this.items = items;
  }

  /** The items that are left; afterwards none are. */
  List<@Nullable Object> take() {
    List<@Nullable Object> taken = items;
    items = new ArrayList<>();
    return taken;
  }
}
