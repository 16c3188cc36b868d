package dev.jebena.tokenizer.template;

import org.jspecify.annotations.Nullable;

/** Stands behind a bar: makes one value of another. */
@FunctionalInterface
interface Filter {
  @Nullable Object apply(@Nullable Object value, Arguments arguments, Run run);
}
