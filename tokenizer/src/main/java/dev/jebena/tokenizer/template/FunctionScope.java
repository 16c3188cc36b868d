package dev.jebena.tokenizer.template;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives slots to the variables of a function; scopes of the same level in it share them, as jinja2's generated Python does. */
final class FunctionScope {

  /** A variable's place. */
  record Variable(FunctionScope function, int slot) {}

  private record Key(int level, String name) {}

  private final @Nullable FunctionScope outer;
  private final Map<Key, Variable> variables = new LinkedHashMap<>();

  FunctionScope(@Nullable FunctionScope outer) {
    this.outer = outer;
  }

  Variable variable(int level, String name) {
    return variables.computeIfAbsent(new Key(level, name), key -> new Variable(this, variables.size()));
  }

  int size() {
    return variables.size();
  }

  /** How many functions outwards the variable is. */
  int hopsTo(Variable variable) {
    int hops = 0;
    for (FunctionScope function = this; function != null && function != variable.function; function = function.outer) {
      hops++;
    }
    return hops;
  }
}
