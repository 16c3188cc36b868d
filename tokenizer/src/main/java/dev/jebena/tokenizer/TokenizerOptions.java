package dev.jebena.tokenizer;

import java.util.Optional;

/**
 * What a tokenizer's file may leave open.
 *
 * @param preTokenizer the name of the pre-tokenizer to use instead of the one that a GGUF file names, or for a rank file; empty to go by
 *     the file
 */
public record TokenizerOptions(Optional<String> preTokenizer) {

  /** Everything as the file says. */
  public static final TokenizerOptions NONE = new TokenizerOptions(Optional.empty());

  /** With a pre-tokenizer of this name. */
  public static TokenizerOptions withPreTokenizer(String name) {
    return new TokenizerOptions(Optional.of(name));
  }
}
