package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.List;

/**
 * The spellings of tokens by id, and their ids by spelling, without an object for each: all characters lie in one array, and a hash table
 * of ids points into it. Two bytes a character and twelve a token.
 */
final class TokenTable {

  static final int NONE = HashSlots.EMPTY;

  private final char[] characters;
  private final int[] offsets;
  private final int[] slots;
  private final int longest;

  /** Builds the table; an empty spelling is an unused id, and of equal spellings the first counts. */
  TokenTable(List<String> tokens) {
    long total = tokens.stream().mapToLong(String::length).sum();
    if (total > Integer.MAX_VALUE - 8) {
      throw new TokenizerException("the tokens have " + total + " characters: at most " + (Integer.MAX_VALUE - 8) + " are held");
    }
    characters = new char[(int) total];
    offsets = new int[tokens.size() + 1];
    slots = HashSlots.of(tokens.size());
    int at = 0;
    int most = 0;
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      token.getChars(0, token.length(), characters, at);
      at += token.length();
      offsets[id + 1] = at;
      most = Math.max(most, token.length());
      int slot = slot(token, 0, token.length());
      if (!token.isEmpty() && slots[slot] == NONE) {
        slots[slot] = id;
      }
    }
    longest = most;
  }

  int size() {
    return offsets.length - 1;
  }

  /** Length of the longest spelling in UTF-16 units. */
  int longest() {
    return longest;
  }

  int length(int id) {
    return offsets[id + 1] - offsets[id];
  }

  String text(int id) {
    return new String(characters, offsets[id], length(id));
  }

  int find(String text) {
    return find(text, 0, text.length());
  }

  /** The id of {@code text[from, to)}, {@link #NONE} if no token is spelled so. */
  int find(String text, int from, int to) {
    return to - from > longest ? NONE : slots[slot(text, from, to)];
  }

  /** The id of {@code text} without the character at {@code left}, {@link #NONE} if no token is spelled so: two tokens written apart. */
  int findJoined(String text, int left) {
    int length = text.length() - 1;
    if (length > longest) {
      return NONE;
    }
    int hash = 0;
    for (int i = 0; i < text.length(); i++) {
      hash = i == left ? hash : hash * 31 + text.charAt(i);
    }
    for (int slot = HashSlots.first(hash, slots.length); slots[slot] != NONE; slot = HashSlots.next(slot, slots.length)) {
      int id = slots[slot];
      if (length(id) == length && matches(offsets[id], text, 0, left) && matches(offsets[id] + left, text, left + 1, text.length())) {
        return id;
      }
    }
    return NONE;
  }

  /** The id of two tokens' spellings together, {@link #NONE} if no token is spelled so. */
  int findPair(int left, int right) {
    int length = length(left) + length(right);
    if (length > longest) {
      return NONE;
    }
    int hash = hash(hash(0, left), right);
    for (int slot = HashSlots.first(hash, slots.length); slots[slot] != NONE; slot = HashSlots.next(slot, slots.length)) {
      int at = offsets[slots[slot]];
      if (length(slots[slot]) == length && begins(at, left) && begins(at + length(left), right)) {
        return slots[slot];
      }
    }
    return NONE;
  }

  private int hash(int before, int id) {
    int hash = before;
    for (int i = offsets[id]; i < offsets[id + 1]; i++) {
      hash = hash * 31 + characters[i];
    }
    return hash;
  }

  /** Whether the characters at {@code offset} begin with a token's spelling. */
  private boolean begins(int offset, int id) {
    return Arrays.equals(characters, offset, offset + length(id), characters, offsets[id], offsets[id + 1]);
  }

  /** Where the spelling is, or would be. */
  private int slot(String text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = hash * 31 + text.charAt(i);
    }
    int slot = HashSlots.first(hash, slots.length);
    while (slots[slot] != NONE && !(length(slots[slot]) == to - from && matches(offsets[slots[slot]], text, from, to))) {
      slot = HashSlots.next(slot, slots.length);
    }
    return slot;
  }

  private boolean matches(int offset, String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) != characters[offset + i - from]) {
        return false;
      }
    }
    return true;
  }
}
