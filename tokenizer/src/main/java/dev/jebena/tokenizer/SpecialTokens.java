package dev.jebena.tokenizer;

import java.util.OptionalInt;
import java.util.Set;

/**
 * The special ids that generation needs.
 *
 * @param beginning beginning of sequence
 * @param end end of sequence, as the model file names it
 * @param ends every id that ends a generation (end of sequence, end of turn, ...), {@code end} included
 */
public record SpecialTokens(OptionalInt beginning, OptionalInt end, Set<Integer> ends) {

  public SpecialTokens {
    ends = Set.copyOf(ends);
  }
}
