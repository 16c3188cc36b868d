package dev.jebena.tokenizer.template;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The values of a call's arguments, bound to parameters by place or by name. */
final class Arguments {

  static final Arguments NONE = new Arguments("", List.of(), Map.of());

  private final String callee;
  private final List<@Nullable Object> positional;
  private final Map<String, @Nullable Object> named;

  Arguments(String callee, List<@Nullable Object> positional, Map<String, @Nullable Object> named) {
    this.callee = callee;
    this.positional = positional;
    this.named = named;
  }

  List<@Nullable Object> positional() {
    return positional;
  }

  Map<String, @Nullable Object> named() {
    return named;
  }

  /** Refuses arguments beyond these parameters. */
  void allow(String... parameters) {
    if (positional.size() > parameters.length) {
      throw new TemplateException(callee + " takes " + parameters.length + " arguments, " + positional.size() + " are given");
    }
    Set<String> open = new HashSet<>(List.of(parameters).subList(positional.size(), parameters.length));
    for (String name : named.keySet()) {
      if (!open.contains(name)) {
        throw new TemplateException(callee + " has no parameter '" + name + "' left to give");
      }
    }
  }

  boolean has(int index, String name) {
    return index < positional.size() || named.containsKey(name);
  }

  /** The argument of a parameter, or {@code otherwise} if it is not given. */
  @Nullable Object get(int index, String name, @Nullable Object otherwise) {
    if (index < positional.size()) {
      return positional.get(index);
    }
    return named.containsKey(name) ? named.get(name) : otherwise;
  }

  @Nullable Object required(int index, String name) {
    if (!has(index, name)) {
      throw new TemplateException(callee + " needs the argument '" + name + "'");
    }
    return get(index, name, null);
  }

  String text(int index, String name, String otherwise) {
    Object value = get(index, name, otherwise);
    if (value instanceof String text) {
      return text;
    }
    throw new TemplateException(callee + " needs a string as '" + name + "', not " + Values.typeName(value));
  }

  int integer(int index, String name, int otherwise) {
    Object value = get(index, name, (long) otherwise);
    if (value instanceof Boolean bool) {
      return bool ? 1 : 0;
    }
    if (value instanceof Long number) {
      return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, number));
    }
    throw new TemplateException(callee + " needs an integer as '" + name + "', not " + Values.typeName(value));
  }

  boolean flag(int index, String name, boolean otherwise) {
    return Values.isTrue(get(index, name, otherwise));
  }
}
