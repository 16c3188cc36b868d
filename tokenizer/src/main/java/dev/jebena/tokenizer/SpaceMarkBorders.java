package dev.jebena.tokenizer;

import java.util.BitSet;

/**
 * Cuts before space marks where no token could reach across, so that merging words one by one comes to the same as merging the whole text.
 * Source: every merge makes a token, and the tokens tell which characters may stand before a mark within one.
 */
final class SpaceMarkBorders implements HuggingFacePreTokenizers.Cutter {

  static final char MARK = '\u2581';

  private final BitSet joined = new BitSet();

  /** Looks at all tokens that the model may form. */
  SpaceMarkBorders(TokenLookup tokens) {
    for (int id = 0; id < tokens.table().size(); id++) {
      String text = tokens.hidden().get(id) ? "" : tokens.table().text(id);
      for (int at = text.indexOf(MARK, 1); at > 0; at = text.indexOf(MARK, at + 1)) {
        joined.set(text.charAt(at - 1));
      }
    }
  }

  @Override
  public void cut(AlignedText text, int from, int to, HuggingFacePreTokenizers.Pieces out) {
    String characters = text.text();
    int start = from;
    for (int at = characters.indexOf(MARK, from + 1, to); at > 0; at = characters.indexOf(MARK, at + 1, to)) {
      if (!joined.get(characters.charAt(at - 1))) {
        out.piece(text, start, at);
        start = at;
      }
    }
    out.piece(text, start, to);
  }
}
