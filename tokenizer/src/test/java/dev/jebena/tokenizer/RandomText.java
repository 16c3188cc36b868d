package dev.jebena.tokenizer;

import java.util.Random;

/** Random texts that mix what tokenizers treat differently: words, digits, spaces, marks, scripts, emoji, unpaired surrogates, code points of any kind. */
final class RandomText {

  private static final String[] PIECES = {
    "'s", "'LL", "'ve", "'\u017f", " the", "Hello", "don't", "WORLD", "\u00e9t\u00e9", "stra\u00dfe", "123", "4", "\u0663\u0664", "\u2167", "\u00bd", " ", "  ", "\n", "\r\n", "\t",
    "\u00a0", "\u3000", "\u2028", "\u0085", "...", "!?", "/", " /path", "\u4e2d\u6587", "\u3072\u3089\u30ab\u30bf\u30fc", "\ud55c\uad6d", "\u0939\u093f\u0928\u094d\u0926\u0940", "\u0e44\u0e17\u0e22", "\u05e9\u05b8",
    "a\u0301\u0316", "\u0301", "\u200d", "\ud83d\ude00", "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67", "\ud83c\uddeb\ud83c\uddf7", "\ufb01", "\u01c5", "\u02b0", "\u0130", "\u03a3", "k\u212a", "<s>", "</s>", "[MASK]",
    "<|endoftext|>", "<0x0A>", "\u2581", "\u2581a", "\u0120", "\ufffd", "\u0000", "##ing", "_x", "$5", "\u20ac", "\u00ab\u00bb"
  };

  private RandomText() {}

  static String next(Random random) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(1 + random.nextInt(24));
    int style = random.nextInt(4);
    for (int i = 0; i < parts; i++) {
      int kind = random.nextInt(12);
      if (style == 0 || kind < 5) {
        text.append(PIECES[random.nextInt(PIECES.length)]);
      } else if (kind < 8) {
        text.append((char) (' ' + random.nextInt(95)));
      } else if (kind < 10) {
        text.append((char) random.nextInt(0x3000));
      } else if (kind == 10) {
        text.appendCodePoint(random.nextInt(0x20000));
      } else {
        text.appendCodePoint(random.nextInt(0x110000));
      }
    }
    return text.toString();
  }

  /** The same without unpaired surrogates, which other libraries cannot be given. */
  static String wellFormed(Random random) {
    return Utf8.withoutUnpairedSurrogates(next(random));
  }
}
