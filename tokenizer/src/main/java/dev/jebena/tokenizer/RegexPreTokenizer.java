package dev.jebena.tokenizer;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts a text by patterns, one after another: each match is a piece, and so is what lies between two matches. */
final class RegexPreTokenizer implements PreTokenizer {

  private final List<Pattern> patterns;

  RegexPreTokenizer(String... expressions) {
    patterns = java.util.Arrays.stream(expressions).map(each -> Pattern.compile(each, Pattern.UNICODE_CHARACTER_CLASS)).toList();
  }

  @Override
  public void split(String text, int from, int to, PieceConsumer pieces) {
    split(0, text, from, to, pieces);
  }

  private void split(int index, String text, int from, int to, PieceConsumer pieces) {
    if (from == to) {
      return;
    }
    if (index == patterns.size()) {
      pieces.accept(from, to);
      return;
    }
    Matcher matcher = patterns.get(index).matcher(text).region(from, to);
    int done = from;
    while (matcher.find()) {
      split(index + 1, text, done, matcher.start(), pieces);
      split(index + 1, text, matcher.start(), matcher.end(), pieces);
      done = matcher.end();
    }
    split(index + 1, text, done, to, pieces);
  }
}
