package dev.jebena.tokenizer;

import java.util.Arrays;

/**
 * The alphabet in which byte-level vocabularies spell bytes: printable Latin-1 characters stand for themselves, the other 68 bytes for
 * U+0100 onwards in the order of the bytes. Source: GPT-2's encoder (Radford et al., 2019).
 */
final class ByteAlphabet {

  private static final char[] CHARACTER_OF_BYTE = new char[256];
  private static final short[] BYTE_OF_CHARACTER = new short[0x144];

  static {
    Arrays.fill(BYTE_OF_CHARACTER, (short) -1);
    char next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      CHARACTER_OF_BYTE[b] = printable ? (char) b : next++;
      BYTE_OF_CHARACTER[CHARACTER_OF_BYTE[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  static char character(int unsignedByte) {
    return CHARACTER_OF_BYTE[unsignedByte];
  }

  /** The byte that a character stands for, -1 if it stands for none. */
  static int byteOf(char character) {
    return character < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[character] : -1;
  }

  /** How bytes are spelled. */
  static String spelling(byte[] bytes) {
    char[] characters = new char[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      characters[i] = CHARACTER_OF_BYTE[bytes[i] & 0xFF];
    }
    return new String(characters);
  }

  /** The bytes that a spelling stands for; characters outside of the alphabet give their UTF-8. */
  static byte[] bytes(String spelling) {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream(spelling.length());
    for (int i = 0; i < spelling.length(); ) {
      int codePoint = spelling.codePointAt(i);
      int b = codePoint < 0x144 ? byteOf((char) codePoint) : -1;
      if (b >= 0) {
        bytes.write(b);
      } else {
        bytes.writeBytes(Utf8.encode(Character.toString(codePoint)));
      }
      i += Character.charCount(codePoint);
    }
    return bytes.toByteArray();
  }
}
