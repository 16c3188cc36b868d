package dev.jebena.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A text that was made from another, and for each of its UTF-16 units the range of the original that it stands for. Where nobody asks for
 * offsets the ranges are left out.
 */
final class AlignedText {

  private final String text;
  private final int origin;
  private final boolean tracked;
  private final int @Nullable [] starts;
  private final int @Nullable [] ends;

  private AlignedText(String text, int origin, boolean tracked, int @Nullable [] starts, int @Nullable [] ends) {
    this.text = text;
    this.origin = origin;
    this.tracked = tracked;
    this.starts = starts;
    this.ends = ends;
  }

  /** A part of the original that begins at {@code origin}. */
  static AlignedText part(String text, int origin, boolean tracked) {
    return new AlignedText(text, origin, tracked, null, null);
  }

  String text() {
    return text;
  }

  /** Where in the original the character at {@code index} begins. */
  int startOf(int index) {
    return starts == null ? origin + index : starts[index];
  }

  /** Where in the original the character before {@code index} ends. */
  int endOf(int index) {
    return ends == null ? origin + index : ends[index - 1];
  }

  /** Writes a new text from this one, from left to right. */
  final class Rewriter {

    private final StringBuilder out;
    private int[] newStarts;
    private int[] newEnds;

    /** A rewriter of a piece of that many UTF-16 units; the whole text may be much longer. */
    Rewriter(int pieceLength) {
      out = new StringBuilder(pieceLength + 16);
      newStarts = tracked ? new int[pieceLength + 16] : new int[0];
      newEnds = tracked ? new int[pieceLength + 16] : new int[0];
    }

    /** Takes over {@code [from, to)}. */
    void keep(int from, int to) {
      out.append(text, from, to);
      if (tracked) {
        ensure();
        for (int i = from; i < to; i++) {
          boolean second = i > from && Character.isSurrogatePair(text.charAt(i - 1), text.charAt(i));
          boolean first = i + 1 < to && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
          int at = out.length() - to + i;
          newStarts[at] = startOf(second ? i - 1 : i);
          newEnds[at] = endOf(first ? i + 2 : i + 1);
        }
      }
    }

    /** Writes characters that stand for what {@code [from, to)} stands for; that range is not empty unless the text is. */
    void put(CharSequence characters, int from, int to) {
      out.append(characters);
      if (tracked) {
        ensure();
        int first = out.length() - characters.length();
        Arrays.fill(newStarts, first, out.length(), from < to ? startOf(from) : origin);
        Arrays.fill(newEnds, first, out.length(), from < to ? endOf(to) : origin);
      }
    }

    private void ensure() {
      if (out.length() > newStarts.length) {
        newStarts = Arrays.copyOf(newStarts, 2 * out.length());
        newEnds = Arrays.copyOf(newEnds, 2 * out.length());
      }
    }

    AlignedText done() {
      return new AlignedText(out.toString(), origin, tracked, tracked ? newStarts : null, tracked ? newEnds : null);
    }
  }
}
