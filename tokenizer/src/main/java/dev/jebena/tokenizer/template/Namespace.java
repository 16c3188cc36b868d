package dev.jebena.tokenizer.template;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The object that {@code namespace()} makes: the only thing whose attributes a template can set. */
final class Namespace {

  final Map<@Nullable Object, @Nullable Object> attributes;

  Namespace(Map<@Nullable Object, @Nullable Object> attributes) {
    this.attributes = attributes;
  }
}
