package dev.jebena.tokenizer;

import java.util.Optional;

/**
 * What a tokenizer's file may leave open.
 *
 * @param preTokenizer the name of the pre-tokenizer to use instead of the one that a GGUF file of byte pairs names, or for a rank file;
 *     other sources refuse one; empty to go by the file
 */
public record TokenizerOptions(Optional<String> preTokenizer) {

  /** Everything as the file says. */
  public static final TokenizerOptions NONE = new TokenizerOptions(Optional.empty());

  /** With a pre-tokenizer of this name. */
  public static TokenizerOptions withPreTokenizer(String name) {
    return new TokenizerOptions(Optional.of(name));
  }

  /**
   * For sources that say themselves how texts are cut.
   *
   * @param source what the tokenizer is read from, with its article
   * @throws TokenizerException if a pre-tokenizer is chosen, which would do nothing
   */
  void requireNoPreTokenizer(String source) {
    preTokenizer.ifPresent(name -> {
      throw new TokenizerException(
          "pre-tokenizer '" + name + "' cannot be chosen: " + source + " says itself how texts are cut; leave the choice out");
    });
  }
}
