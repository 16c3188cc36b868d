package dev.jebena.tokenizer;

/** Turns a piece of text into tokens. */
@FunctionalInterface
interface PieceModel {

  /** Encodes {@code text[from, to)}, which is not empty. */
  void encode(String text, int from, int to, TokenSink tokens);
}
