package dev.jebena.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * The ids of pieces that were met lately, in a table of fixed size that any number of threads use without locks: an entry never changes, and
 * a lost or doubled one costs no more than computing it again. A piece has two places; a new one takes the first and pushes what is there
 * to the second.
 */
final class PieceCache {

  /** Longer pieces are rare, and not worth their memory. */
  static final int MAX_LENGTH = 32;

  private static final int PLACES = 1 << 15;

  private record Entry(String piece, int[] ids) {}

  private final @Nullable Entry[] entries = new @Nullable Entry[PLACES];

  static int hash(String text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = hash * 31 + text.charAt(i);
    }
    hash *= 0x9E3779B1;
    return hash >>> 16 ^ hash;
  }

  /** The ids of {@code text[from, to)}, whose hash is given; null if they are not known. The array is shared and must not be changed. */
  int @Nullable [] get(String text, int from, int to, int hash) {
    int place = hash & PLACES - 1;
    Entry first = entries[place];
    if (first != null && holds(first, text, from, to)) {
      return first.ids;
    }
    Entry second = entries[place ^ 1];
    return second != null && holds(second, text, from, to) ? second.ids : null;
  }

  private static boolean holds(Entry entry, String text, int from, int to) {
    return entry.piece.length() == to - from && text.startsWith(entry.piece, from);
  }

  void put(String piece, int[] ids, int hash) {
    int place = hash & PLACES - 1;
    Entry pushed = entries[place];
    if (pushed != null) {
      entries[place ^ 1] = pushed;
    }
    entries[place] = new Entry(piece, ids);
  }
}
