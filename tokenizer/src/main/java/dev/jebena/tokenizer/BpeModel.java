package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.OptionalInt;

/**
 * Byte-pair encoding over the characters of a piece, with what {@code tokenizer.json} knows around it: byte tokens for unknown characters,
 * unknown tokens fused or not, prefixes and suffixes within words.
 */
final class BpeModel implements PieceModel {

  private static final int DIRECT = 0x300;

  /**
   * What differs between models.
   *
   * @param unknown the token of unknown characters; without one they are dropped
   * @param unknowns whether unknown neighbours become one token
   * @param wholes whether a piece that is a token itself is taken whole, whatever the merges say
   * @param bytes whether unknown characters are spelled in byte tokens, where all of those are there
   * @param prefix what the vocabulary writes before characters within a word
   * @param suffix what it writes after the last character of a word
   */
  record Rules(OptionalInt unknown, Unknowns unknowns, Wholes wholes, Bytes bytes, String prefix, String suffix) {

    /** Byte-level vocabularies: every byte is a token. */
    static Rules byteLevel(OptionalInt unknown, Wholes wholes) {
      return new Rules(unknown, Unknowns.EACH, wholes, Bytes.NEVER, "", "");
    }
  }

  enum Unknowns {
    EACH,
    FUSED
  }

  enum Wholes {
    FIRST,
    AS_MERGED
  }

  enum Bytes {
    FOR_UNKNOWN,
    NEVER
  }

  private final TokenLookup lookup;
  private final BytePairMerges merges;
  private final Rules rules;
  private final int[] idOfByte = new int[256];
  private final int[] idOfCharacter = new int[DIRECT];

  BpeModel(TokenLookup lookup, BytePairMerges merges, Rules rules) {
    this.lookup = lookup;
    this.merges = merges;
    this.rules = rules;
    for (int b = 0; b < 256; b++) {
      idOfByte[b] = lookup.find(ByteTokens.spelling(b));
    }
    for (char c = 0; c < DIRECT; c++) {
      idOfCharacter[c] = lookup.find(String.valueOf(c));
    }
  }

  @Override
  public void encode(String text, int from, int to, TokenSink tokens) {
    int whole = rules.wholes == Wholes.FIRST ? lookup.find(text, from, to) : TokenTable.NONE;
    if (whole >= 0) {
      tokens.token(whole, from, to);
      return;
    }
    Symbols symbols = new Symbols(to - from);
    boolean bare = rules.prefix.isEmpty() && rules.suffix.isEmpty();
    for (int at = from; at < to; ) {
      char unit = text.charAt(at);
      int end = at + (Character.isHighSurrogate(unit) && at + 1 < to ? 2 : 1);
      int id = bare && unit < DIRECT ? idOfCharacter[unit] : bare ? lookup.find(text, at, end) : lookup.find(written(text, at, end, from, to));
      if (id >= 0) {
        symbols.endUnknown();
        symbols.add(id, at, end);
      } else if (!(rules.bytes == Bytes.FOR_UNKNOWN && addBytes(written(text, at, end, from, to), at, end, symbols))
          && rules.unknown.isPresent()) {
        symbols.addUnknown(rules.unknown.getAsInt(), at, end);
      }
      at = end;
    }
    symbols.endUnknown();
    symbols.merge(tokens);
  }

  /** The character {@code [at, end)} as the vocabulary writes it in its place in the piece {@code [from, to)}. */
  private String written(String text, int at, int end, int from, int to) {
    return (at > from ? rules.prefix : "") + text.substring(at, end) + (end == to ? rules.suffix : "");
  }

  private boolean addBytes(String character, int from, int to, Symbols symbols) {
    byte[] utf8 = Utf8.encode(character);
    for (byte b : utf8) {
      if (idOfByte[b & 0xFF] < 0) {
        return false;
      }
    }
    for (byte b : utf8) {
      symbols.add(idOfByte[b & 0xFF], from, to);
    }
    return true;
  }

  /** The symbols of one piece; unknown characters wait until it is known whether others follow. */
  private final class Symbols {

    private int[] ids;
    private int[] starts;
    private int[] ends;
    private int size;
    private int waiting = -1;
    private int waitingFrom;
    private int waitingTo;

    Symbols(int expected) {
      ids = new int[expected];
      starts = new int[expected];
      ends = new int[expected];
    }

    void add(int id, int from, int to) {
      if (size == ids.length) {
        ids = Arrays.copyOf(ids, 2 * size);
        starts = Arrays.copyOf(starts, 2 * size);
        ends = Arrays.copyOf(ends, 2 * size);
      }
      ids[size] = id;
      starts[size] = from;
      ends[size++] = to;
    }

    void addUnknown(int id, int from, int to) {
      if (waiting >= 0 && rules.unknowns == Unknowns.FUSED) {
        waitingTo = to;
        return;
      }
      endUnknown();
      waiting = id;
      waitingFrom = from;
      waitingTo = to;
    }

    void endUnknown() {
      if (waiting >= 0) {
        add(waiting, waitingFrom, waitingTo);
        waiting = -1;
      }
    }

    void merge(TokenSink tokens) {
      int[] widths = new int[size];
      Arrays.fill(widths, 1);
      int count = merges.merge(ids, widths, size);
      int at = 0;
      for (int i = 0; i < count; i++) {
        int last = at + widths[i] - 1;
        tokens.token(ids[i], starts[at], ends[last]);
        at = last + 1;
      }
    }
  }
}
