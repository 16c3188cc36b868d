package dev.jebena.tokenizer;

import java.util.HashSet;
import java.util.List;
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

  /** Spellings that end a turn in the chat formats of the common model families. */
  private static final List<String> TURN_ENDS =
      List.of("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<EOT>", "<|end_of_turn|>");

  public SpecialTokens {
    ends = Set.copyOf(ends);
  }

  /** The ids named, and the usual ends of a turn where the vocabulary has them as special tokens. */
  static SpecialTokens find(TokenTable tokens, byte[] types, OptionalInt beginning, OptionalInt end, List<Integer> otherEnds) {
    Set<Integer> ends = new HashSet<>(otherEnds);
    end.ifPresent(ends::add);
    for (String spelling : TURN_ENDS) {
      int id = tokens.find(spelling);
      if (id >= 0 && (types[id] == Vocabulary.CONTROL || types[id] == Vocabulary.UNKNOWN)) {
        ends.add(id);
      }
    }
    return new SpecialTokens(beginning, end, ends);
  }
}
