package dev.jebena.engine;

import dev.jebena.tokenizer.EncodeOptions;

/** What a generation continues. */
public sealed interface Prompt {

  /**
   * Text, encoded on the thread that submits.
   *
   * @param options whether special tokens are added and parsed
   */
  record Text(String text, EncodeOptions options) implements Prompt {}

  /**
   * Token ids.
   *
   * @param ids each in {@code [0, vocabularySize)}; not changed after this
   */
  record Tokens(int[] ids) implements Prompt {

    public Tokens {
      ids = ids.clone();
    }
  }

  /** A raw prompt: the model's special tokens are added, those written in the text are parsed. */
  static Prompt text(String text) {
    return new Text(text, EncodeOptions.PROMPT);
  }

  /** Token ids. */
  static Prompt tokens(int... ids) {
    return new Tokens(ids);
  }
}
