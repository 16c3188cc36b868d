package dev.jebena.tokenizer.template;

import org.jspecify.annotations.Nullable;

/** Stands behind {@code is}. */
@FunctionalInterface
interface Test {
  boolean test(@Nullable Object value, Arguments arguments, Run run);
}
