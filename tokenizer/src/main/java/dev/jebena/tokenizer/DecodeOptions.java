package dev.jebena.tokenizer;

/** What becomes of special tokens when ids are decoded. */
public enum DecodeOptions {
  KEEP_SPECIALS,
  SKIP_SPECIALS
}
