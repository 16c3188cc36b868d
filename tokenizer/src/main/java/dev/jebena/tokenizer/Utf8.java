package dev.jebena.tokenizer;

/** UTF-8 as tokenizers need it: unpaired surrogates encode as U+FFFD, invalid bytes decode as U+FFFD. */
final class Utf8 {

  private Utf8() {}

  /** Encodes a string; an unpaired surrogate becomes U+FFFD, where {@code String.getBytes} would write a question mark. */
  static byte[] encode(CharSequence text) {
    byte[] bytes = new byte[Math.multiplyExact(text.length(), 3)];
    int length = 0;
    for (int i = 0; i < text.length(); i++) {
      int c = text.charAt(i);
      if (Character.isHighSurrogate((char) c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
        c = Character.toCodePoint((char) c, text.charAt(++i));
      } else if (c >= 0xD800 && c < 0xE000) {
        c = 0xFFFD;
      }
      if (c < 0x80) {
        bytes[length++] = (byte) c;
      } else if (c < 0x800) {
        bytes[length++] = (byte) (0xC0 | c >> 6);
        bytes[length++] = (byte) (0x80 | c & 0x3F);
      } else if (c < 0x10000) {
        bytes[length++] = (byte) (0xE0 | c >> 12);
        bytes[length++] = (byte) (0x80 | c >> 6 & 0x3F);
        bytes[length++] = (byte) (0x80 | c & 0x3F);
      } else {
        bytes[length++] = (byte) (0xF0 | c >> 18);
        bytes[length++] = (byte) (0x80 | c >> 12 & 0x3F);
        bytes[length++] = (byte) (0x80 | c >> 6 & 0x3F);
        bytes[length++] = (byte) (0x80 | c & 0x3F);
      }
    }
    return java.util.Arrays.copyOf(bytes, length);
  }

  /** The text with each unpaired surrogate replaced by U+FFFD; indices stay the same. */
  static String withoutUnpairedSurrogates(String text) {
    char[] characters = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      characters = characters == null ? text.toCharArray() : characters;
      characters[i] = '\uFFFD';
    }
    return characters == null ? text : new String(characters);
  }

  /**
   * How many of the first {@code length} bytes can be decoded now: all but an unfinished character at the end that further bytes could
   * complete.
   */
  static int completeLength(byte[] bytes, int length) {
    for (int back = 1; back <= Math.min(3, length); back++) {
      int b = bytes[length - back] & 0xFF;
      if (b < 0x80) {
        return length;
      }
      if (b >= 0xC0) {
        int needed = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
        boolean canComplete = back < needed && b >= 0xC2 && b <= 0xF4 && secondFits(bytes, length, back, b);
        return canComplete ? length - back : length;
      }
    }
    return length;
  }

  /** Whether the byte after a lead byte is missing or in the range that the lead byte allows (no overlong forms, no surrogates). */
  private static boolean secondFits(byte[] bytes, int length, int back, int lead) {
    if (back == 1) {
      return true;
    }
    int second = bytes[length - back + 1] & 0xFF;
    return switch (lead) {
      case 0xE0 -> second >= 0xA0;
      case 0xED -> second < 0xA0;
      case 0xF0 -> second >= 0x90;
      case 0xF4 -> second < 0x90;
      default -> true;
    };
  }
}
