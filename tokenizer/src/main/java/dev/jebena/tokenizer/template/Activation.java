package dev.jebena.tokenizer.template;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The variables of one call of a function: of the template itself, a macro, or a recursive loop. Closures share them, as Python's do.
 *
 * @param outer of the function around it; null for the template itself
 * @param slots a value for each variable; {@link Values#MISSING} where it has none
 */
record Activation(Run run, @Nullable Activation outer, @Nullable Object[] slots) {

  static Activation of(Run run, @Nullable Activation outer, FunctionScope function) {
    @Nullable Object[] slots = new Object[function.size()];
    Arrays.fill(slots, Values.MISSING);
    return new Activation(run, outer, slots);
  }

  /** The activation that many functions outwards. */
  Activation outwards(int hops) {
    Activation activation = this;
    for (int i = 0; i < hops && activation.outer != null; i++) {
      activation = activation.outer;
    }
    return activation;
  }
}
