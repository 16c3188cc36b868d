package dev.jebena.tokenizer.template;

/** What a template makes of a message's content. */
public enum ContentForm {
  /** It takes a string; a list of parts would be written as Python's or be refused. */
  TEXT,
  /** It takes a list of parts, each with a {@code type}, and nothing else. */
  PARTS,
  /** It takes either. */
  EITHER
}
