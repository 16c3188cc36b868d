package dev.jebena.models;

import dev.jebena.models.gguf.GgufMetadata;
import dev.jebena.models.gguf.GgufValue;
import dev.jebena.models.gguf.GgufValueType;
import dev.jebena.tokenizer.GgufVocabulary;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the vocabulary out of a GGUF file's metadata. */
final class GgufText {

  /** What of a tokenizer goes by the model's name. */
  private static final String NAME = "general.name";

  private static final String PREFIX = "tokenizer.ggml.";
  private static final Set<String> OWN_FIELDS = Set.of("model", "pre", "tokens", "scores", "token_type", "merges");

  private GgufText() {}

  /** The vocabulary; empty if the file has none. */
  static Optional<GgufVocabulary> vocabulary(GgufMetadata metadata) {
    Optional<String> model = metadata.text(PREFIX + "model");
    if (model.isEmpty() || model.get().equals("none") || model.get().equals("no_vocab")) {
      return Optional.empty();
    }
    List<String> tokens = metadata.texts(PREFIX + "tokens").orElseThrow(
        () -> new ModelException(metadata.file(), "names the tokenizer '" + model.get() + "' and has no '" + PREFIX + "tokens'"));
    float[] scores = metadata.floats(PREFIX + "scores").orElse(new float[0]);
    int[] types = metadata.ints(PREFIX + "token_type").orElse(new int[0]);
    requireLength(metadata, "scores", scores.length, tokens.size());
    requireLength(metadata, "token_type", types.length, tokens.size());
    List<String> merges = metadata.texts(PREFIX + "merges").orElse(List.of());
    return Optional.of(
        new GgufVocabulary(model.get(), metadata.text(PREFIX + "pre"), tokens, scores, types, merges, settings(metadata)));
  }

  private static Map<String, Object> settings(GgufMetadata metadata) {
    Map<String, Object> settings = new LinkedHashMap<>();
    metadata.values().forEach((key, value) -> {
      if (key.startsWith(PREFIX) && !OWN_FIELDS.contains(key.substring(PREFIX.length()))) {
        plain(metadata, key, value).ifPresent(plain -> settings.put(key.substring(PREFIX.length()), plain));
      }
    });
    metadata.text(NAME).ifPresent(name -> settings.put(NAME, name));
    return settings;
  }

  /** Arrays other than bytes are left out: no tokenizer reads them from there. */
  private static Optional<Object> plain(GgufMetadata metadata, String key, GgufValue value) {
    return switch (value) {
      case GgufValue.Whole(GgufValueType type, long number) -> Optional.of(number);
      case GgufValue.Real(GgufValueType type, double number) -> Optional.of(number);
      case GgufValue.Flag(boolean flag) -> Optional.of(flag);
      case GgufValue.Text(String text) -> Optional.of(text);
      case GgufValue.Array array -> switch (array.elementType()) {
        case UINT8, INT8 -> metadata.bytes(key).map(bytes -> bytes);
        case UINT16, INT16, UINT32, INT32, UINT64, INT64, FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> Optional.empty();
      };
    };
  }

  private static void requireLength(GgufMetadata metadata, String field, int length, int tokens) {
    if (length != 0 && length != tokens) {
      throw new ModelException(
          metadata.file(), "'" + PREFIX + field + "' has " + length + " entries for " + tokens + " tokens: convert the model again");
    }
  }
}
