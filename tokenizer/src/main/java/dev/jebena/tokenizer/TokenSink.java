package dev.jebena.tokenizer;

/** Takes the tokens of a piece in order, each with the UTF-16 indices {@code [from, to)} of the text that it stands for. */
@FunctionalInterface
interface TokenSink {

  void token(int id, int from, int to);
}
