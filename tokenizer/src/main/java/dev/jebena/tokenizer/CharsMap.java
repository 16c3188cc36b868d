package dev.jebena.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * SentencePiece's compiled normalization rules: a double-array trie over UTF-8 whose values point at replacements that end with a zero
 * byte. The layout of a unit of the trie is that of Darts-clone: bit 8 tells of a leaf, bits 0-7 and 31 are the label, bits 10-30 the offset
 * of the children, 256 times that if bit 9 is set; a leaf holds its value in bits 0-30.
 */
final class CharsMap {

  /** Which of several rules that fit counts. */
  enum Prefix {
    SHORTEST,
    LONGEST
  }

  /** A rule that fits: how many bytes it takes and where its replacement is. */
  record Match(int length, int replacement) {}

  private static final Match NOTHING = new Match(0, -1);

  private final int[] units;
  private final byte[] replacements;

  private CharsMap(int[] units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /**
   * Reads the compiled form: the trie's size in bytes as a little-endian 32-bit number, the trie, the replacements.
   *
   * @throws TokenizerException if the sizes do not fit
   */
  static CharsMap read(byte[] compiled) {
    ByteBuffer buffer = ByteBuffer.wrap(compiled).order(ByteOrder.LITTLE_ENDIAN);
    long trieBytes = compiled.length < 4 ? -1 : Integer.toUnsignedLong(buffer.getInt());
    if (trieBytes <= 0 || trieBytes % 4 != 0 || trieBytes > buffer.remaining()) {
      throw new TokenizerException(
          "the compiled normalization rules have " + compiled.length + " bytes and a trie of " + trieBytes + ": the file is damaged");
    }
    int[] units = new int[(int) trieBytes / 4];
    for (int i = 0; i < units.length; i++) {
      units[i] = buffer.getInt();
    }
    byte[] replacements = new byte[buffer.remaining()];
    buffer.get(replacements);
    return new CharsMap(units, replacements);
  }

  /** The rule that fits the beginning of {@code utf8[from, to)}; its length is 0 if none does. */
  Match match(byte[] utf8, int from, int to, Prefix which) {
    Match found = NOTHING;
    int node = offset(units[0]);
    for (int i = from; i < to && utf8[i] != 0; i++) {
      int label = utf8[i] & 0xFF;
      node ^= label;
      if (node < 0 || node >= units.length) {
        return found;
      }
      int unit = units[node];
      if ((unit & 0x800000FF) != label) {
        return found;
      }
      node ^= offset(unit);
      if ((unit >>> 8 & 1) == 1 && node >= 0 && node < units.length) {
        found = new Match(i + 1 - from, units[node] & 0x7FFFFFFF);
        if (which == Prefix.SHORTEST) {
          return found;
        }
      }
    }
    return found;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 0x200) >>> 6);
  }

  /** The replacement that a rule names. */
  String replacement(Match match) {
    int start = match.replacement;
    if (start < 0 || start > replacements.length) {
      throw new TokenizerException(
          "a normalization rule points at byte " + start + " of " + replacements.length + " bytes of replacements: the file is damaged");
    }
    int end = start;
    while (end < replacements.length && replacements[end] != 0) {
      end++;
    }
    return new String(replacements, start, end - start, StandardCharsets.UTF_8);
  }
}
