package dev.jebena.tokenizer.template;

import org.jspecify.annotations.Nullable;

/** Something that a template can call. */
@FunctionalInterface
interface Callable {
  @Nullable Object call(Arguments arguments);
}
