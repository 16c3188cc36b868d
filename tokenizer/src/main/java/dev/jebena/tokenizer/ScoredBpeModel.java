package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's BPE: neighbours are merged by the score of the result, best first and leftmost among equals; what the vocabulary does not
 * have is spelled in byte tokens. Source: Kudo and Richardson, SentencePiece, 2018. A heap over a linked list, O(n log n).
 */
final class ScoredBpeModel implements PieceModel {

  /**
   * What of a vocabulary plays which part.
   *
   * @param merged the tokens that merges may form
   * @param unused tokens that merges form on the way and that are taken apart again in the end
   * @param frozen tokens that are found before anything is merged, and stay; null if there are none
   * @param unknown the token of what is neither a token nor can be spelled in bytes
   * @param idOfByte ids of the 256 byte tokens, -1 where one is missing
   */
  record Parts(TokenLookup merged, BitSet unused, @Nullable CharTrie frozen, OptionalInt unknown, int[] idOfByte) {}

  private final Parts parts;
  private final int[] ranks;

  /**
   * Builds the model.
   *
   * @param scores by id; the greater one is merged first
   */
  ScoredBpeModel(Parts parts, float[] scores) {
    this.parts = parts;
    this.ranks = ranks(scores);
  }

  /** Equal scores have equal ranks; the greatest score has rank 0. */
  private static int[] ranks(float[] scores) {
    float[] sorted = scores.clone();
    for (int i = 0; i < sorted.length; i++) {
      sorted[i] = sorted[i] == 0 ? 0 : sorted[i];
    }
    Arrays.sort(sorted);
    int distinct = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i == 0 || sorted[i] != sorted[distinct - 1]) {
        sorted[distinct++] = sorted[i];
      }
    }
    int[] ranks = new int[scores.length];
    for (int id = 0; id < ranks.length; id++) {
      ranks[id] = distinct - 1 - Arrays.binarySearch(sorted, 0, distinct, scores[id] == 0 ? 0 : scores[id]);
    }
    return ranks;
  }

  @Override
  public void encode(String text, int from, int to, TokenSink tokens) {
    new Merger(text, from, to).run(tokens);
  }

  /** Merges the characters of one text; symbols are named by the offset of their first character from the beginning. */
  private final class Merger {

    private static final int GONE = -1;

    private final String text;
    private final int from;
    private final int length;
    private final int[] end;
    private final int[] previous;
    private final BitSet frozen = new BitSet();
    private final LongHeap heap;

    Merger(String text, int from, int to) {
      this.text = text;
      this.from = from;
      this.length = to - from;
      end = new int[length];
      previous = new int[length + 1];
      heap = new LongHeap(length);
    }

    void run(TokenSink tokens) {
      mergeDownTo(1);
      for (int at = 0; at < length; at = end[at]) {
        emit(at, end[at], tokens);
      }
    }

    /** Merges what merges, but stops when only so many symbols are left; returns how many there are. */
    private int mergeDownTo(int fewest) {
      int symbols = 0;
      int before = GONE;
      for (int at = 0; at < length; at = end[at]) {
        end[at] = symbolEnd(at);
        previous[at] = before;
        if (before >= 0) {
          offer(before);
        }
        before = at;
        symbols++;
      }
      while (!heap.isEmpty() && symbols > fewest) {
        long candidate = heap.poll();
        int left = (int) candidate;
        // what changed since has another rank, or none
        if (end[left] == GONE || rank(left) != (int) (candidate >>> 32)) {
          continue;
        }
        int right = end[left];
        end[left] = end[right];
        end[right] = GONE;
        if (end[left] < length) {
          previous[end[left]] = left;
        }
        offer(left);
        if (previous[left] >= 0) {
          offer(previous[left]);
        }
        symbols--;
      }
      return symbols;
    }

    private int symbolEnd(int at) {
      CharTrie known = parts.frozen;
      if (known != null) {
        int found = known.longestMatch(text, from + at, from + length);
        if (found > 0) {
          frozen.set(at);
          return at + found;
        }
      }
      boolean pair = Character.isHighSurrogate(text.charAt(from + at)) && at + 1 < length;
      return at + (pair ? 2 : 1);
    }

    /** The rank of merging a symbol with the next one, -1 if they do not merge. */
    private int rank(int left) {
      int right = end[left];
      if (right >= length || frozen.get(left) || frozen.get(right)) {
        return -1;
      }
      int id = parts.merged.find(text, from + left, from + end[right]);
      return id < 0 ? -1 : ranks[id];
    }

    private void offer(int left) {
      int rank = rank(left);
      if (rank >= 0) {
        heap.add((long) rank << 32 | left);
      }
    }

    private void emit(int start, int stop, TokenSink tokens) {
      int id = parts.merged.find(text, from + start, from + stop);
      if (id >= 0 && parts.unused.get(id)) {
        int middle = cut(start, stop);
        if (middle > start) {
          emit(start, middle, tokens);
          emit(middle, stop, tokens);
          return;
        }
      }
      if (id >= 0) {
        tokens.token(id, from + start, from + stop);
        return;
      }
      byte[] utf8 = Utf8.encode(text.substring(from + start, from + stop));
      for (byte b : utf8) {
        if (parts.idOfByte[b & 0xFF] < 0) {
          tokens.token(
              parts.unknown.orElseThrow(() -> new TokenizerException(
                  "the vocabulary has no token for '" + text.substring(from + start, from + stop) + "', no byte tokens and no unknown token")),
              from + start,
              from + stop);
          return;
        }
      }
      for (byte b : utf8) {
        tokens.token(parts.idOfByte[b & 0xFF], from + start, from + stop);
      }
    }

    /** Where an unused token was put together: merging its characters alone comes to the same last step. */
    private int cut(int start, int stop) {
      Merger alone = new Merger(text, from + start, from + stop);
      return alone.mergeDownTo(2) == 2 ? start + alone.end[0] : start;
    }
  }
}
