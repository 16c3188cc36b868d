package dev.jebena.tokenizer;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The models of {@code tokenizer.json}: what turns a pre-token into ids. */
final class HuggingFaceModels {
  private HuggingFaceModels() {}

  /** Encodes one pre-token. */
  @FunctionalInterface
  interface Model {
    void encode(String piece, IntList ids);
  }

  static Model read(Json json, Map<String, Integer> vocabulary) {
    String type = json.at("type").string(json.at("merges").isNull() ? "WordPiece" : "BPE");
    return switch (type) {
      case "BPE" -> new Bpe(json, vocabulary);
      case "WordPiece" -> wordPiece(json, vocabulary);
      case "WordLevel" -> {
        Integer unknown = vocabulary.get(json.at("unk_token").string());
        yield (piece, ids) -> {
          Integer id = vocabulary.getOrDefault(piece, unknown);
          if (id == null) {
            throw new TokenizerException("the vocabulary has neither '" + piece + "' nor an unknown token");
          }
          ids.add(id);
        };
      }
      default -> throw json.unsupported("model '" + type + "'");
    };
  }

  /** Greedy longest match from the left. Source: Wu et al., 2016. */
  private static Model wordPiece(Json json, Map<String, Integer> vocabulary) {
    String prefix = json.at("continuing_subword_prefix").string("##");
    int limit = json.at("max_input_chars_per_word").isNull() ? 100 : json.at("max_input_chars_per_word").integer();
    Integer unknown = vocabulary.get(json.at("unk_token").string("[UNK]"));
    if (unknown == null) {
      throw new TokenizerException(json.place() + " has no unknown token in its vocabulary");
    }
    int unknownId = unknown;
    return (piece, ids) -> {
      int[] parts = new int[Math.min(piece.length(), 2 * limit)];
      int count = 0;
      if (piece.codePointCount(0, piece.length()) > limit) {
        ids.add(unknownId);
        return;
      }
      for (int from = 0; from < piece.length(); ) {
        int to = piece.length();
        Integer id = null;
        while (to > from && id == null) {
          id = vocabulary.get(from == 0 ? piece.substring(0, to) : prefix + piece.substring(from, to));
          to = id == null ? piece.offsetByCodePoints(to, -1) : to;
        }
        if (id == null) {
          ids.add(unknownId);
          return;
        }
        parts[count++] = id;
        from = to;
      }
      ids.addAll(parts, count);
    };
  }

  private static final class Bpe implements Model {
    private final Map<String, Integer> vocabulary;
    private final BytePairMerges merges;
    private final int[] idOfByte = new int[256];
    private final @Nullable Integer unknown;
    private final boolean fuseUnknown;
    private final boolean ignoreMerges;
    private final boolean byteFallback;

    Bpe(Json json, Map<String, Integer> vocabulary) {
      this.vocabulary = vocabulary;
      for (String name : new String[] {"continuing_subword_prefix", "end_of_word_suffix"}) {
        if (!json.at(name).string("").isEmpty()) {
          throw json.unsupported(name);
        }
      }
      if (json.at("dropout").value() instanceof Double dropout && dropout != 0) {
        throw json.unsupported("dropout");
      }
      unknown = json.at("unk_token").isNull() ? null : vocabulary.get(json.at("unk_token").string());
      fuseUnknown = json.at("fuse_unk").flag(false);
      ignoreMerges = json.at("ignore_merges").flag(false);
      byteFallback = json.at("byte_fallback").flag(false);
      for (int b = 0; b < 256; b++) {
        idOfByte[b] = vocabulary.getOrDefault("<0x%02X>".formatted(b), -1);
      }
      List<Json> pairs = json.at("merges").list();
      BytePairMerges.Builder builder = new BytePairMerges.Builder(pairs.size());
      for (Json pair : pairs) {
        add(builder, pair);
      }
      merges = builder.build();
    }

    private void add(BytePairMerges.Builder builder, Json pair) {
      String left;
      String right;
      if (pair.value() instanceof String text) {
        int space = text.indexOf(' ');
        if (space < 0) {
          throw new TokenizerException(pair.place() + " is '" + text + "': two tokens with a space between them are needed");
        }
        left = text.substring(0, space);
        right = text.substring(space + 1);
      } else {
        List<Json> both = pair.list();
        if (both.size() != 2) {
          throw new TokenizerException(pair.place() + " has " + both.size() + " tokens: 2 are needed");
        }
        left = both.get(0).string();
        right = both.get(1).string();
      }
      Integer leftId = vocabulary.get(left);
      Integer rightId = vocabulary.get(right);
      Integer result = vocabulary.get(left + right);
      if (leftId == null || rightId == null || result == null) {
        throw new TokenizerException(pair.place() + " names a token that the vocabulary does not have");
      }
      builder.add(leftId, rightId, result);
    }

    @Override
    public void encode(String piece, IntList ids) {
      Integer whole = ignoreMerges ? vocabulary.get(piece) : null;
      if (whole != null) {
        ids.add(whole);
        return;
      }
      int[] parts = new int[Math.multiplyExact(piece.length(), byteFallback ? 3 : 1)];
      int length = 0;
      boolean afterUnknown = false;
      for (int at = 0; at < piece.length(); ) {
        int end = piece.offsetByCodePoints(at, 1);
        String character = piece.substring(at, end);
        at = end;
        Integer id = vocabulary.get(character);
        if (id == null && byteFallback) {
          byte[] utf8 = Utf8.encode(character);
          if (hasAll(utf8)) {
            for (byte b : utf8) {
              parts[length++] = idOfByte[b & 0xFF];
            }
            afterUnknown = false;
            continue;
          }
        }
        if (id != null) {
          parts[length++] = id;
          afterUnknown = false;
        } else if (unknown != null && !(fuseUnknown && afterUnknown)) {
          parts[length++] = unknown;
          afterUnknown = true;
        }
      }
      ids.addAll(parts, merges.merge(parts, length));
    }

    private boolean hasAll(byte[] utf8) {
      for (byte b : utf8) {
        if (idOfByte[b & 0xFF] < 0) {
          return false;
        }
      }
      return true;
    }
  }
}
