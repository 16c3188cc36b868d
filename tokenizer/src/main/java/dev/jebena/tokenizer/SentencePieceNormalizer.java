package dev.jebena.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's normalizer: rewrites by compiled rules, the longest that fits, but leaves user-defined symbols alone; marks spaces, and puts
 * one before or after the text. Source: Kudo and Richardson, SentencePiece, 2018.
 */
final class SentencePieceNormalizer {

  /**
   * What becomes of spaces.
   *
   * @param dummy whether one is put before the text, or after it
   * @param removesExtra whether those around the text go, and runs become one
   * @param escapes whether they are written as marks
   * @param suffixes whether they end words, and do not begin them
   */
  record Spaces(boolean dummy, boolean removesExtra, boolean escapes, boolean suffixes) {

    String written() {
      return escapes ? "\u2581" : " ";
    }
  }

  private final @Nullable CharsMap rules;
  private final @Nullable CharTrie symbols;
  private final Spaces spaces;

  SentencePieceNormalizer(@Nullable CharsMap rules, @Nullable CharTrie symbols, Spaces spaces) {
    this.rules = rules;
    this.symbols = symbols;
    this.spaces = spaces;
  }

  AlignedText normalize(AlignedText source) {
    return new Run(source).run();
  }

  /** One text on its way; a step takes what a rule, a symbol or a character covers. */
  private final class Run {

    private final String text;
    private final byte[] utf8;
    private final AlignedText.Rewriter out;
    private int at;
    private int byteAt;
    private int units;
    private int bytes;

    Run(AlignedText source) {
      this.text = source.text();
      this.utf8 = rules == null ? new byte[0] : Utf8.encode(text);
      this.out = source.new Rewriter(text.length());
    }

    AlignedText run() {
      while (spaces.removesExtra && at < text.length()) {
        String replacement = step();
        if (!" ".equals(replacement == null ? text.substring(at, at + units) : replacement)) {
          break;
        }
        advance();
      }
      if (at == text.length()) {
        return out.done();
      }
      if (spaces.dummy && !spaces.suffixes) {
        out.put(spaces.written(), at, at + Character.charCount(text.codePointAt(at)));
      }
      boolean afterSpace = spaces.removesExtra;
      while (at < text.length()) {
        afterSpace = write(step(), afterSpace) && spaces.removesExtra;
        advance();
      }
      return withoutSpacesAtEnd(out.done());
    }

    private void advance() {
      at += units;
      byteAt += bytes;
    }

    /** Finds what is taken next, and what replaces it; null if it stays. */
    private @Nullable String step() {
      int symbol = symbols == null ? 0 : symbols.longestMatch(text, at, text.length());
      if (symbol > 0) {
        units = symbol;
        bytes = rules == null ? 0 : Utf8.encode(text.substring(at, at + symbol)).length;
        return null;
      }
      if (rules != null) {
        CharsMap.Match match = rules.match(utf8, byteAt, utf8.length, CharsMap.Prefix.LONGEST);
        if (match.length() > 0) {
          bytes = match.length();
          units = 0;
          for (int i = byteAt; i < byteAt + bytes; i++) {
            int b = utf8[i] & 0xFF;
            units += b >= 0xF0 ? 2 : b < 0x80 || b >= 0xC0 ? 1 : 0;
          }
          return rules.replacement(match);
        }
      }
      int c = text.codePointAt(at);
      units = Character.charCount(c);
      bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
      return null;
    }

    /** Writes what was taken, and returns whether a space came last. */
    private boolean write(@Nullable String replacement, boolean afterSpace) {
      String taken = replacement == null ? text.substring(at, at + units) : replacement;
      int from = 0;
      while (afterSpace && from < taken.length() && taken.charAt(from) == ' ') {
        from++;
      }
      if (from == taken.length()) {
        return afterSpace;
      }
      String written = taken.substring(from);
      if (replacement == null && written.indexOf(' ') < 0) {
        out.keep(at, at + units);
      } else {
        out.put(spaces.escapes ? written.replace(" ", spaces.written()) : written, at, at + units);
      }
      return written.endsWith(" ");
    }

    private AlignedText withoutSpacesAtEnd(AlignedText normalized) {
      String written = normalized.text();
      int end = written.length();
      while (spaces.removesExtra && end > 0 && written.charAt(end - 1) == spaces.written().charAt(0)) {
        end--;
      }
      boolean suffix = spaces.suffixes && spaces.dummy;
      if (end == written.length() && !suffix) {
        return normalized;
      }
      AlignedText.Rewriter last = normalized.new Rewriter(end + 1);
      last.keep(0, end);
      if (suffix) {
        last.put(spaces.written(), Math.max(0, end - 1), end);
      }
      return last.done();
    }
  }
}
