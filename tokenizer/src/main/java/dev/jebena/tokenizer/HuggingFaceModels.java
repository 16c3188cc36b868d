package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** The models of {@code tokenizer.json}: what turns a pre-token into ids. */
final class HuggingFaceModels {

  private HuggingFaceModels() {}

  /** Encodes one pre-token, {@code text[from, to)}. */
  @FunctionalInterface
  interface Model {
    void encode(String text, int from, int to, TokenSink tokens);
  }

  static String byteToken(int unsignedByte) {
    char[] digits = "0123456789ABCDEF".toCharArray();
    return "<0x" + digits[unsignedByte >> 4] + digits[unsignedByte & 15] + ">";
  }

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
    Json json = model.at("vocab");
    Map<String, Integer> vocabulary = new HashMap<>();
    if (json.value() instanceof List<?>) {
      List<Json> entries = json.list();
      for (int id = 0; id < entries.size(); id++) {
        List<Json> entry = entries.get(id).list();
        if (entry.size() != 2) {
          throw new TokenizerException(entries.get(id).place() + " has " + entry.size() + " values: a piece and its score are needed");
        }
        vocabulary.put(entry.getFirst().string(), id);
      }
    } else {
      json.map().forEach((token, id) -> vocabulary.put(String.valueOf(token), new Json(id, json.place() + "." + token).id()));
    }
    return vocabulary;
  }

  static Model read(Json json, Map<String, Integer> vocabulary) {
    String type = type(json);
    return switch (type) {
      case "BPE" -> new HuggingFaceBpe(json, vocabulary);
      case "Unigram" -> unigram(json, vocabulary)::encode;
      case "WordPiece" -> wordPiece(json, vocabulary);
      case "WordLevel" -> {
        Integer unknown = vocabulary.get(json.at("unk_token").string("<unk>"));
        yield (text, from, to, tokens) -> {
          Integer id = vocabulary.getOrDefault(text.substring(from, to), unknown);
          if (id == null) {
            throw new TokenizerException(
                "the vocabulary has neither '" + text.substring(from, Math.min(to, from + 40)) + "' nor an unknown token");
          }
          tokens.token(id, from, to);
        };
      }
      default -> throw json.unsupported("model '" + type + "'");
    };
  }

  private static UnigramModel unigram(Json json, Map<String, Integer> vocabulary) {
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
        idOfByte[b] = vocabulary.getOrDefault(byteToken(b), -1);
      }
    }
    return new UnigramModel(
        pieces,
        ids,
        scores,
        new UnigramModel.Unknown(unknownId, UnigramModel.Unknown.score(scores), unknownId.isPresent(), idOfByte),
        UnigramModel.Arithmetic.FLOAT64);
  }

  /** Greedy longest match from the left. Source: Wu et al., 2016. */
  private static Model wordPiece(Json json, Map<String, Integer> vocabulary) {
    String prefix = json.at("continuing_subword_prefix").string("##");
    int limit = json.at("max_input_chars_per_word").isNull() ? 100 : json.at("max_input_chars_per_word").integer();
    Integer unknown = vocabulary.get(json.at("unk_token").string("[UNK]"));
    int longest = vocabulary.keySet().stream().mapToInt(String::length).max().orElse(0);
    return (text, from, to, tokens) -> {
      IntList ids = new IntList();
      IntList ends = new IntList();
      boolean known = to - from <= 2L * limit && text.codePointCount(from, to) <= limit;
      for (int start = from; known && start < to; ) {
        int end = Math.min(to, start + longest);
        Integer id = null;
        while (end > start && id == null) {
          id = vocabulary.get(start == from ? text.substring(start, end) : prefix + text.substring(start, end));
          end = id == null ? end - 1 : end;
        }
        known = id != null;
        if (id != null) {
          ids.add(id);
          ends.add(end);
          start = end;
        }
      }
      if (known) {
        int[] each = ids.toArray();
        int[] borders = ends.toArray();
        for (int i = 0; i < each.length; i++) {
          tokens.token(each[i], i == 0 ? from : borders[i - 1], borders[i]);
        }
      } else if (unknown == null) {
        throw new TokenizerException(
            "the vocabulary has neither '" + text.substring(from, Math.min(to, from + 40)) + "' nor an unknown token");
      } else {
        tokens.token(unknown, from, to);
      }
    };
  }
}
