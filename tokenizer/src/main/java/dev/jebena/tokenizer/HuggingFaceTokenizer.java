package dev.jebena.tokenizer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/** A tokenizer put together from the parts that {@code tokenizer.json} names. */
final class HuggingFaceTokenizer extends GgufTokenizer {

  /** An added token; {@code normalized} ones are sought in the normalized text. */
  record Added(String content, int id, boolean special, boolean normalized) {}

  /** The parts in the order in which they act; {@code prefix} and {@code suffix} are put around a text. */
  record Parts(
      UnaryOperator<String> normalizer,
      HuggingFacePreTokenizers.Cutter cutter,
      HuggingFaceModels.Model model,
      List<Integer> prefix,
      List<Integer> suffix,
      HuggingFaceDecoders.Speller speller) {}

  private final Parts parts;
  private final AddedTokens[] raw = new AddedTokens[2];
  private final AddedTokens[] normalized = new AddedTokens[2];
  private final IntFunction<byte[]> spelling;

  HuggingFaceTokenizer(GgufVocabulary vocabularyTokens, List<Added> added, Parts parts) {
    super(vocabularyTokens, false);
    this.parts = parts;
    for (int i = 0; i < 2; i++) {
      Map<String, Integer> rawTokens = new HashMap<>();
      Map<String, Integer> normalizedTokens = new HashMap<>();
      for (Added token : added) {
        if (token.content.isEmpty() || i == 0 && token.special) {
          continue;
        }
        if (token.normalized) {
          normalizedTokens.put(parts.normalizer.apply(token.content), token.id);
        } else {
          rawTokens.put(token.content, token.id);
        }
      }
      raw[i] = new AddedTokens(rawTokens);
      normalized[i] = new AddedTokens(normalizedTokens);
    }
    spelling = id -> isAdded(id) ? Utf8.encode(parts.speller.added(vocabulary.text(id))) : parts.speller.bytes(vocabulary.text(id));
  }

  private boolean isAdded(int id) {
    return vocabulary.isSpecial(id) || vocabulary.isUserDefined(id);
  }

  @Override
  public int[] encode(String text, EncodeOptions options) {
    IntList ids = new IntList();
    boolean add = options.addition() == EncodeOptions.Addition.ADD;
    if (add) {
      parts.prefix.forEach(ids::add);
    }
    int which = options.specials() == EncodeOptions.Specials.PARSE ? 1 : 0;
    each(raw[which], text, ids, section -> {
      String form = parts.normalizer.apply(section);
      each(normalized[which], form, ids, rest -> {
        for (String piece : parts.cutter.cut(rest)) {
          if (!piece.isEmpty()) {
            parts.model.encode(piece, ids);
          }
        }
      });
    });
    if (add) {
      parts.suffix.forEach(ids::add);
    }
    return ids.toArray();
  }

  private static void each(AddedTokens tokens, String text, IntList ids, java.util.function.Consumer<String> rest) {
    tokens.split(
        text,
        new AddedTokens.Parts() {
          @Override
          public void text(int from, int to) {
            rest.accept(text.substring(from, to));
          }

          @Override
          public void token(int id) {
            ids.add(id);
          }
        });
  }

  @Override
  void encodeText(String text, int from, int to, IntList ids, boolean first) {
    throw new AssertionError("encode does not cut the text this way");
  }

  @Override
  byte[] rawBytes(int id) {
    return spelling.apply(id);
  }

  @Override
  boolean dropsFirstSpace() {
    return parts.speller.dropsFirstSpace();
  }
}
