package dev.jebena.tokenizer;

/** What becomes of special tokens, and of the spaces around punctuation, when ids are decoded. */
public enum DecodeOptions {
  KEEP_SPECIALS,
  SKIP_SPECIALS,
  /** Special tokens are dropped, and spaces before punctuation where the model's configuration asks for it ({@code clean_up_tokenization_spaces}). */
  AS_CONFIGURED
}
