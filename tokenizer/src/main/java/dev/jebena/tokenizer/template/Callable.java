package dev.jebena.tokenizer.template;

import org.jspecify.annotations.Nullable;

/** Something that a template can call. */
@FunctionalInterface
interface Callable {
  @Nullable Object call(Arguments arguments, Run run);

  /** An attribute; {@link Values#MISSING} if it has none of that name. */
  default @Nullable Object attribute(String name) {
    return Values.MISSING;
  }
}
