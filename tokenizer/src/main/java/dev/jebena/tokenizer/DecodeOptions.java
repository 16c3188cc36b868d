package dev.jebena.tokenizer;

/** What becomes of special tokens, and of the spaces around punctuation, when ids are decoded. */
public enum DecodeOptions {
  /** Special tokens are kept, and spaces left as the decoder has them: what the tokenizer's library does. */
  KEEP_SPECIALS,
  /** Special tokens are dropped, and spaces left as the decoder has them. */
  SKIP_SPECIALS,
  /** Special tokens are dropped, and spaces before punctuation where the model's configuration asks for it ({@code clean_up_tokenization_spaces}). */
  AS_CONFIGURED,
  /** Special tokens are kept; spaces before punctuation go where the model's configuration asks for it. */
  KEEP_SPECIALS_AS_CONFIGURED;

  /** Whether special tokens become text. */
  public boolean keepsSpecials() {
    return this == KEEP_SPECIALS || this == KEEP_SPECIALS_AS_CONFIGURED;
  }

  /** Whether spaces before punctuation are left to the configuration. */
  public boolean cleansAsConfigured() {
    return this == AS_CONFIGURED || this == KEEP_SPECIALS_AS_CONFIGURED;
  }
}
