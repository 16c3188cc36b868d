package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.PriorityQueue;

/**
 * SentencePiece's BPE ({@code llama} in GGUF): characters are merged by the score of the result, best first and leftmost among equals;
 * what the vocabulary does not have is spelled in byte tokens. Source: Kudo and Richardson, SentencePiece, 2018.
 */
final class SentencePieceBpeTokenizer extends GgufTokenizer {

  private static final char SPACE_MARK = '\u2581';

  private final float[] scores;
  private final int[] idOfByte = new int[256];
  private final byte[][] bytes;
  private final boolean addSpacePrefix;

  SentencePieceBpeTokenizer(GgufVocabulary source) {
    super(source, true);
    if (source.scores().length != vocabulary.size()) {
      throw new TokenizerException("the vocabulary has " + vocabulary.size() + " tokens and " + source.scores().length + " scores");
    }
    scores = source.scores();
    addSpacePrefix = flag(source, "add_space_prefix", true);
    Arrays.fill(idOfByte, -1);
    bytes = new byte[vocabulary.size()][];
    for (int id = 0; id < bytes.length; id++) {
      String text = vocabulary.text(id);
      OptionalInt value = vocabulary.isByte(id) ? byteValue(text) : OptionalInt.empty();
      if (value.isPresent()) {
        idOfByte[value.getAsInt()] = id;
        bytes[id] = new byte[] {(byte) value.getAsInt()};
      } else {
        bytes[id] = Utf8.encode(text.replace(SPACE_MARK, ' '));
      }
    }
  }

  /** The value of a byte token's spelling, {@code <0x0A>}. */
  private static OptionalInt byteValue(String text) {
    if (text.length() != 6 || !text.startsWith("<0x") || text.charAt(5) != '>') {
      return OptionalInt.empty();
    }
    int high = Character.digit(text.charAt(3), 16);
    int low = Character.digit(text.charAt(4), 16);
    return high < 0 || low < 0 ? OptionalInt.empty() : OptionalInt.of(high * 16 + low);
  }

  @Override
  void encodeText(String text, int from, int to, IntList ids, boolean first) {
    String marked = text.substring(from, to).replace(' ', SPACE_MARK);
    new Merger(addSpacePrefix && first ? SPACE_MARK + marked : marked).run(ids);
  }

  private record Candidate(float score, int left, int right, int end) implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      return score != other.score ? Float.compare(other.score, score) : Integer.compare(left, other.left);
    }
  }

  /** Merges the characters of one text; symbols are named by the offset of their first character. */
  private final class Merger {

    private final String text;
    private final int[] end;
    private final int[] previous;
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>();

    Merger(String text) {
      this.text = text;
      end = new int[text.length()];
      previous = new int[text.length() + 1];
    }

    void run(IntList ids) {
      int before = -1;
      for (int at = 0; at < text.length(); at = end[at]) {
        end[at] = text.offsetByCodePoints(at, 1);
        previous[at] = before;
        if (before >= 0) {
          offer(before);
        }
        before = at;
      }
      while (!queue.isEmpty()) {
        Candidate candidate = queue.poll();
        // a symbol that changed since has another end, one that was merged away has none
        if (end[candidate.left] != candidate.right || end[candidate.right] != candidate.end) {
          continue;
        }
        end[candidate.left] = candidate.end;
        end[candidate.right] = -1;
        if (candidate.end < text.length()) {
          previous[candidate.end] = candidate.left;
        }
        offer(candidate.left);
        if (previous[candidate.left] >= 0) {
          offer(previous[candidate.left]);
        }
      }
      for (int at = 0; at < text.length(); at = end[at]) {
        emit(text.substring(at, end[at]), ids);
      }
    }

    private void offer(int left) {
      int right = end[left];
      if (right >= text.length()) {
        return;
      }
      OptionalInt id = vocabulary.id(text.substring(left, end[right]));
      if (id.isPresent()) {
        queue.add(new Candidate(scores[id.getAsInt()], left, right, end[right]));
      }
    }

    private void emit(String symbol, IntList ids) {
      OptionalInt id = vocabulary.id(symbol);
      if (id.isPresent()) {
        ids.add(id.getAsInt());
        return;
      }
      for (byte b : Utf8.encode(symbol)) {
        int byteId = idOfByte[b & 0xFF];
        if (byteId < 0) {
          byteId = vocabulary
              .unknown()
              .orElseThrow(
                  () -> new TokenizerException("the vocabulary has no token for '" + symbol + "', no byte tokens and no unknown token"));
          ids.add(byteId);
          return;
        }
        ids.add(byteId);
      }
    }
  }

  @Override
  byte[] rawBytes(int id) {
    return bytes[id];
  }

  @Override
  boolean dropsFirstSpace() {
    return addSpacePrefix;
  }
}
