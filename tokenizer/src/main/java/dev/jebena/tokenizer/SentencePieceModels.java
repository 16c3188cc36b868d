package dev.jebena.tokenizer;

import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Builds models from pieces with scores and types, as SentencePiece and GGUF files carry them. */
final class SentencePieceModels {

  private SentencePieceModels() {}

  /** The unigram model of the normal and user-defined pieces; the others cannot be found in a text. */
  static UnigramModel unigram(
      Vocabulary vocabulary, float[] scores, OptionalInt unknown, int @Nullable [] idOfByte, UnigramModel.Arithmetic arithmetic) {
    BitSet normal = vocabulary.ofTypes(Vocabulary.NORMAL);
    BitSet defined = vocabulary.ofTypes(Vocabulary.USER_DEFINED);
    float least = Float.MAX_VALUE;
    float greatest = -Float.MAX_VALUE;
    for (int id = normal.nextSetBit(0); id >= 0; id = normal.nextSetBit(id + 1)) {
      least = Math.min(least, scores[id]);
      greatest = Math.max(greatest, scores[id]);
    }
    double[] all = new double[scores.length];
    for (int id = 0; id < all.length; id++) {
      // a user-defined symbol gets so much that it is always taken
      all[id] = defined.get(id) ? Utf8.encode(vocabulary.text(id)).length * (double) greatest - 0.1 : scores[id];
    }
    BitSet found = (BitSet) normal.clone();
    found.or(defined);
    int[] ids = found.stream().filter(id -> vocabulary.table().length(id) > 0).toArray();
    List<String> pieces = java.util.Arrays.stream(ids).mapToObj(vocabulary::text).toList();
    double unknownScore = normal.isEmpty() ? -10 : least - 10f;
    return new UnigramModel(
        pieces, ids, all, new UnigramModel.Unknown(unknown, unknownScore, idOfByte == null, idOfByte), arithmetic);
  }

  /** The trie of the pieces of a type, null if there are none. */
  static @Nullable CharTrie trie(Vocabulary vocabulary, int type) {
    int[] ids = vocabulary.ofTypes(type).stream().filter(id -> vocabulary.table().length(id) > 0).toArray();
    return ids.length == 0 ? null : new CharTrie(java.util.Arrays.stream(ids).mapToObj(vocabulary::text).toList(), ids);
  }
}
