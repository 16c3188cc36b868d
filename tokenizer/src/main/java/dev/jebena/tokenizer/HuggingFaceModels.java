package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** The models of {@code tokenizer.json}: what turns a pre-token into ids. */
final class HuggingFaceModels {

  private static final Set<String> KNOWN = Set.of("BPE", "Unigram", "WordPiece", "WordLevel");

  private HuggingFaceModels() {}

  /** The model's kind; older files do not name it. */
  private static String type(Json json) {
    if (!json.at("type").isNull()) {
      return json.at("type").string();
    }
    if (json.at("vocab").value() instanceof List<?>) {
      return "Unigram";
    }
    if (!json.at("merges").isNull()) {
      return "BPE";
    }
    return json.at("continuing_subword_prefix").isNull() ? "WordLevel" : "WordPiece";
  }

  /** The ids of the vocabulary, which is a list for unigram models and an object for all others. */
  static Map<String, Integer> vocabulary(Json model) {
    if (!KNOWN.contains(type(model))) {
      throw model.unsupported("model '" + type(model) + "'");
    }
    Json json = model.at("vocab");
    if (json.value() instanceof List<?> list) {
      Map<String, Integer> vocabulary = HashMap.newHashMap(list.size());
      List<Json> entries = json.list();
      for (int id = 0; id < entries.size(); id++) {
        List<Json> entry = entries.get(id).list();
        if (entry.size() != 2) {
          throw new TokenizerException(entries.get(id).place() + " has " + entry.size() + " values: a piece and its score are needed");
        }
        vocabulary.put(entry.getFirst().string(), id);
      }
      return vocabulary;
    }
    Map<String, Integer> vocabulary = HashMap.newHashMap(json.map().size());
    json.map().forEach((token, id) -> vocabulary.put(String.valueOf(token), json.child(token, id).id()));
    return vocabulary;
  }

  static PieceModel read(Json json, TokenLookup tokens) {
    String type = type(json);
    return switch (type) {
      case "BPE" -> bpe(json, tokens);
      case "Unigram" -> unigram(json, tokens)::encode;
      case "WordPiece" -> new WordPieceModel(
          tokens,
          optional(tokens.find(json.at("unk_token").string("[UNK]"))),
          "",
          json.at("continuing_subword_prefix").string("##"),
          json.at("max_input_chars_per_word").isNull() ? 100 : json.at("max_input_chars_per_word").integer());
      case "WordLevel" -> {
        int unknown = tokens.find(json.at("unk_token").string("<unk>"));
        yield (text, from, to, out) -> {
          int known = tokens.find(text, from, to);
          int id = known >= 0 ? known : unknown;
          if (id < 0) {
            throw new TokenizerException(
                "the vocabulary has neither '" + text.substring(from, Math.min(to, from + 40)) + "' nor an unknown token");
          }
          out.token(id, from, to);
        };
      }
      default -> throw json.unsupported("model '" + type + "'");
    };
  }

  /** Whether a model's words may be merged one by one where a space mark begins them. */
  static boolean mergesWordByWord(Json json, TokenLookup tokens) {
    return type(json).equals("BPE")
        && json.at("continuing_subword_prefix").string("").isEmpty()
        && json.at("end_of_word_suffix").string("").isEmpty()
        && !json.at("ignore_merges").flag(false)
        && tokens.find(String.valueOf(SpaceMarkBorders.MARK)) >= 0;
  }

  private static OptionalInt optional(int id) {
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private static BpeModel bpe(Json json, TokenLookup tokens) {
    if (json.at("dropout").value() instanceof Double dropout && dropout != 0) {
      throw json.at("dropout").unsupported("dropout, which makes encoding random,");
    }
    String unknownToken = json.at("unk_token").string("");
    OptionalInt unknown = optional(tokens.find(unknownToken));
    if (!unknownToken.isEmpty() && unknown.isEmpty()) {
      throw new TokenizerException(json.at("unk_token").place() + " is '" + unknownToken + "', which the vocabulary does not have");
    }
    String prefix = json.at("continuing_subword_prefix").string("");
    BpeModel.Rules rules = new BpeModel.Rules(
        unknown,
        json.at("fuse_unk").flag(false) ? BpeModel.Unknowns.FUSED : BpeModel.Unknowns.EACH,
        json.at("ignore_merges").flag(false) ? BpeModel.Wholes.FIRST : BpeModel.Wholes.AS_MERGED,
        json.at("byte_fallback").flag(false) ? BpeModel.Bytes.FOR_UNKNOWN : BpeModel.Bytes.NEVER,
        prefix,
        json.at("end_of_word_suffix").string(""));
    Json merges = json.at("merges");
    if (!(merges.value() instanceof List<?> pairs)) {
      throw new TokenizerException(merges.place() + " must be a list");
    }
    BytePairMerges.Builder builder = new BytePairMerges.Builder(pairs.size());
    for (int i = 0; i < pairs.size(); i++) {
      String text = pairs.get(i) instanceof String pair ? pair : joined(merges.child("[" + i + "]", pairs.get(i)));
      int space = text.indexOf(pairs.get(i) instanceof String ? ' ' : BETWEEN);
      if (space < 0) {
        throw new TokenizerException(merges.place() + "[" + i + "] is '" + text + "': two tokens with a space between them are needed");
      }
      int left = tokens.find(text, 0, space);
      int right = tokens.find(text, space + 1, text.length());
      int result = prefix.isEmpty() || text.length() - space - 1 < prefix.length()
          ? tokens.findJoined(text, space)
          : tokens.find(text.substring(0, space).concat(text.substring(space + 1 + prefix.length())));
      if (left < 0 || right < 0 || result < 0) {
        throw new TokenizerException(merges.place() + "[" + i + "] names a token that the vocabulary does not have");
      }
      builder.add(left, right, result);
    }
    return new BpeModel(tokens, builder.build(), rules);
  }

  /** A character that is no text. */
  private static final char BETWEEN = '\uFFFF';

  private static String joined(Json pair) {
    List<Json> both = pair.list();
    if (both.size() != 2) {
      throw new TokenizerException(pair.place() + " has " + both.size() + " tokens: 2 are needed");
    }
    return both.get(0).string() + BETWEEN + both.get(1).string();
  }

  private static UnigramModel unigram(Json json, TokenLookup tokens) {
    List<Json> entries = json.at("vocab").list();
    List<String> pieces = new ArrayList<>();
    double[] scores = new double[entries.size()];
    int[] ids = new int[entries.size()];
    for (int id = 0; id < scores.length; id++) {
      List<Json> entry = entries.get(id).list();
      pieces.add(entry.get(0).string());
      scores[id] = entry.get(1).number();
      ids[id] = id;
    }
    Json unknown = json.at("unk_id");
    OptionalInt unknownId = unknown.isNull() ? OptionalInt.empty() : OptionalInt.of(unknown.id());
    if (unknownId.isPresent() && unknownId.getAsInt() >= scores.length) {
      throw new TokenizerException(unknown.place() + " is " + unknownId.getAsInt() + ", outside of " + scores.length + " pieces");
    }
    int[] idOfByte = null;
    if (json.at("byte_fallback").flag(false)) {
      idOfByte = new int[256];
      for (int b = 0; b < 256; b++) {
        idOfByte[b] = tokens.find(ByteTokens.spelling(b));
      }
    }
    return new UnigramModel(
        pieces,
        ids,
        scores,
        new UnigramModel.Unknown(unknownId, UnigramModel.Unknown.score(scores), unknownId.isPresent(), idOfByte),
        UnigramModel.Arithmetic.FLOAT64);
  }
}
