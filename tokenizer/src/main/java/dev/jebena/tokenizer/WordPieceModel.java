package dev.jebena.tokenizer;

import java.util.OptionalInt;

/**
 * Greedy longest match from the left; a word of which a part is not known becomes the unknown token. Source: Wu et al., Google's Neural
 * Machine Translation System, 2016.
 */
final class WordPieceModel implements PieceModel {

  private final TokenLookup tokens;
  private final OptionalInt unknown;
  private final String firstPrefix;
  private final String laterPrefix;
  private final int maxCharacters;

  /**
   * Builds the model.
   *
   * @param firstPrefix what the vocabulary writes before the first part of a word
   * @param laterPrefix what it writes before the others
   * @param maxCharacters longer words are unknown
   */
  WordPieceModel(TokenLookup tokens, OptionalInt unknown, String firstPrefix, String laterPrefix, int maxCharacters) {
    this.tokens = tokens;
    this.unknown = unknown;
    this.firstPrefix = firstPrefix;
    this.laterPrefix = laterPrefix;
    this.maxCharacters = maxCharacters;
  }

  @Override
  public void encode(String text, int from, int to, TokenSink out) {
    IntList ids = new IntList();
    IntList ends = new IntList();
    boolean known = to - from <= 2L * maxCharacters && text.codePointCount(from, to) <= maxCharacters;
    for (int start = from; known && start < to; ) {
      String prefix = start == from ? firstPrefix : laterPrefix;
      String word = prefix + text.substring(start, (int) Math.min(to, (long) start + tokens.table().longest()));
      int end = word.length();
      int id = TokenTable.NONE;
      while (end > prefix.length() && id < 0) {
        id = tokens.find(word, 0, end--);
      }
      known = id >= 0;
      if (known) {
        start += end + 1 - prefix.length();
        ids.add(id);
        ends.add(start);
      }
    }
    if (known) {
      for (int i = 0; i < ids.size(); i++) {
        out.token(ids.get(i), i == 0 ? from : ends.get(i - 1), ends.get(i));
      }
    } else {
      out.token(
          unknown.orElseThrow(() -> new TokenizerException(
              "the vocabulary has neither '" + text.substring(from, Math.min(to, from + 40)) + "' nor an unknown token")),
          from,
          to);
    }
  }
}
