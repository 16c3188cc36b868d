package dev.jebena.tokenizer;

/** Cuts a text into the pieces within which tokens are formed. */
@FunctionalInterface
interface PreTokenizer {

  /** Passes the pieces of {@code text[from, to)} on, in order; together they are the whole. */
  void split(String text, int from, int to, PieceConsumer pieces);

  /** Takes a piece. */
  @FunctionalInterface
  interface PieceConsumer {
    void accept(int from, int to);
  }
}
