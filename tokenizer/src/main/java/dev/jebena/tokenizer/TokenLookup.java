package dev.jebena.tokenizer;

import java.util.BitSet;

/** The tokens of a table that a model may form; the others are only found as wholes before the model sees the text. */
record TokenLookup(TokenTable table, BitSet hidden) {

  /** All tokens. */
  static TokenLookup of(TokenTable table) {
    return new TokenLookup(table, new BitSet());
  }

  /** The id of {@code text[from, to)}, {@link TokenTable#NONE} if the model has no such token. */
  int find(String text, int from, int to) {
    int id = table.find(text, from, to);
    return id >= 0 && hidden.get(id) ? TokenTable.NONE : id;
  }

  /** As {@link TokenTable#findJoined}. */
  int findJoined(String text, int left) {
    int id = table.findJoined(text, left);
    return id >= 0 && hidden.get(id) ? TokenTable.NONE : id;
  }

  /** As {@link TokenTable#findPair}. */
  int findPair(int left, int right) {
    int id = table.findPair(left, right);
    return id >= 0 && hidden.get(id) ? TokenTable.NONE : id;
  }

  int find(String text) {
    return find(text, 0, text.length());
  }
}
