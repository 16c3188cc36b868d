package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The unigram language model: of all ways to cut a text into pieces it takes the one with the highest sum of scores. Source: Kudo,
 * Subword Regularization, 2018; the search is Viterbi's over the characters, O(length x longest piece).
 *
 * <p>Only the scores within reach of the longest piece are kept; for the rest of the text an id per character suffices.
 */
final class UnigramModel {

  /** In which numbers scores are added up, which decides between ways that are nearly equal. */
  enum Arithmetic {
    FLOAT32,
    FLOAT64
  }

  /**
   * What becomes of characters that no piece covers.
   *
   * @param id the id of unknown text, if there is one
   * @param score what an unknown character costs
   * @param fused whether unknown neighbours become one token
   * @param idOfByte ids of the 256 byte tokens, -1 where one is missing; null if unknown text is not spelled in bytes
   */
  record Unknown(OptionalInt id, double score, boolean fused, int @Nullable [] idOfByte) {

    /** The usual cost: ten below the least of the scores. */
    static double score(double[] scores) {
      return Arrays.stream(scores).min().orElse(0) - 10;
    }
  }

  private static final int UNSET = -2;
  private static final int UNKNOWN = -1;

  private final CharTrie trie;
  private final double[] scores;
  private final int[] lengths;
  private final Unknown unknown;
  private final Arithmetic arithmetic;
  private final int mask;

  /**
   * Builds the model.
   *
   * @param pieces the pieces that may be found in a text
   * @param ids the id of each piece
   * @param scoreOfId the score of each id
   */
  UnigramModel(List<String> pieces, int[] ids, double[] scoreOfId, Unknown unknown, Arithmetic arithmetic) {
    this.trie = new CharTrie(pieces, ids);
    this.scores = scoreOfId;
    this.lengths = new int[scoreOfId.length];
    for (int i = 0; i < ids.length; i++) {
      lengths[ids[i]] = pieces.get(i).length();
    }
    this.unknown = unknown;
    this.arithmetic = arithmetic;
    this.mask = Integer.highestOneBit(Math.max(2, trie.depth())) * 2 - 1;
  }

  /**
   * Cuts {@code text[from, to)} into tokens; the byte tokens of an unknown run all stand for the whole run.
   *
   * @throws TokenizerException if a character is unknown and the model has no unknown token
   */
  void encode(String text, int from, int to, TokenSink tokens) {
    int[] lastId = search(text, from, to);
    IntList borders = new IntList();
    for (int end = to - from; end > 0; ) {
      borders.add(end);
      boolean unknownRun = isUnknown(lastId[end]);
      end -= length(text, from, end, lastId[end]);
      while (unknownRun && unknown.fused && end > 0 && isUnknown(lastId[end])) {
        end -= length(text, from, end, lastId[end]);
      }
    }
    int[] ends = borders.toArray();
    int start = from;
    for (int i = ends.length - 1; i >= 0; i--) {
      int end = from + ends[i];
      if (isUnknown(lastId[ends[i]])) {
        emitUnknown(text, start, end, tokens);
      } else {
        tokens.token(lastId[ends[i]], start, end);
      }
      start = end;
    }
  }

  /** For each index the id of the last piece on the best way there. */
  private int[] search(String text, int from, int to) {
    int[] lastId = new int[to - from + 1];
    Arrays.fill(lastId, UNSET);
    double[] best = new double[mask + 1];
    for (int start = from; start < to; ) {
      int next = start + (Character.isSurrogatePair(text.charAt(start), start + 1 < to ? text.charAt(start + 1) : 0) ? 2 : 1);
      double here = start == from ? 0 : best[start - from & mask];
      boolean covered = false;
      int node = CharTrie.ROOT;
      for (int i = start; i < to; ) {
        node = trie.step(node, text.charAt(i++));
        if (node == CharTrie.NONE) {
          break;
        }
        int id = trie.value(node);
        if (id >= 0) {
          offer(lastId, best, i - from, id, add(here, scores[id]));
          covered |= i == next;
        }
      }
      if (!covered) {
        offer(lastId, best, next - from, UNKNOWN, add(here, unknown.score));
      }
      start = next;
    }
    return lastId;
  }

  private double add(double a, double b) {
    return arithmetic == Arithmetic.FLOAT32 ? (float) a + (float) b : a + b;
  }

  private void offer(int[] lastId, double[] best, int end, int id, double score) {
    if (lastId[end] == UNSET || score > best[end & mask]) {
      lastId[end] = id;
      best[end & mask] = score;
    }
  }

  private boolean isUnknown(int id) {
    return id == UNKNOWN || unknown.id.isPresent() && unknown.id.getAsInt() == id;
  }

  private int length(String text, int from, int end, int id) {
    if (id != UNKNOWN) {
      return lengths[id];
    }
    int at = from + end;
    return end > 1 && Character.isSurrogatePair(text.charAt(at - 2), text.charAt(at - 1)) ? 2 : 1;
  }

  private void emitUnknown(String text, int from, int to, TokenSink tokens) {
    int whole = trie.find(text, from, to);
    if (whole >= 0) {
      tokens.token(whole, from, to);
      return;
    }
    int[] idOfByte = unknown.idOfByte;
    if (idOfByte != null) {
      byte[] utf8 = Utf8.encode(text.substring(from, to));
      boolean all = true;
      for (byte b : utf8) {
        all &= idOfByte[b & 0xFF] >= 0;
      }
      if (all) {
        for (byte b : utf8) {
          tokens.token(idOfByte[b & 0xFF], from, to);
        }
        return;
      }
    }
    int id = unknown.id.orElseThrow(
        () -> new TokenizerException(
            "the vocabulary has no token for '" + text.substring(from, Math.min(to, from + 20)) + "', and no unknown token"));
    tokens.token(id, from, to);
  }
}
