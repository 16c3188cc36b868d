package dev.jebena.tokenizer;

/** Tokens that stand for a byte: {@code <0x0A>}. */
final class ByteTokens {

  private static final String DIGITS = "0123456789ABCDEF";

  private ByteTokens() {}

  static String spelling(int unsignedByte) {
    return "<0x" + DIGITS.charAt(unsignedByte >> 4) + DIGITS.charAt(unsignedByte & 15) + ">";
  }

  /** The byte that a spelling stands for, -1 if it stands for none. */
  static int valueOf(String token) {
    if (token.length() != 6 || !token.startsWith("<0x") || !token.endsWith(">")) {
      return -1;
    }
    int high = Character.digit(token.charAt(3), 16);
    int low = Character.digit(token.charAt(4), 16);
    return high < 0 || low < 0 || token.charAt(3) > 'f' || token.charAt(4) > 'f' ? -1 : high * 16 + low;
  }
}
