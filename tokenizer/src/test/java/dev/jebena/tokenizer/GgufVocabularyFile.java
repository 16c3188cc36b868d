package dev.jebena.tokenizer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the vocabulary of a trusted GGUF file for tests; the real reader is in another module. */
final class GgufVocabularyFile {

  private final ByteBuffer in;

  private GgufVocabularyFile(ByteBuffer in) {
    this.in = in;
  }

  static Map<String, Object> metadata(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()).order(ByteOrder.LITTLE_ENDIAN);
      buffer.position(16);
      GgufVocabularyFile reader = new GgufVocabularyFile(buffer);
      long count = buffer.getLong();
      Map<String, Object> values = new HashMap<>();
      for (long i = 0; i < count; i++) {
        String key = reader.string();
        values.put(key, reader.value(buffer.getInt()));
      }
      return values;
    }
  }

  @SuppressWarnings("unchecked")
  static GgufVocabulary read(Path file) throws IOException {
    Map<String, Object> metadata = metadata(file);
    Map<String, Object> settings = new HashMap<>();
    metadata.forEach((key, value) -> {
      if (key.startsWith("tokenizer.ggml.")) {
        settings.put(key.substring("tokenizer.ggml.".length()), value);
      }
    });
    List<String> tokens = (List<String>) settings.get("tokens");
    List<Object> scoreList = (List<Object>) settings.getOrDefault("scores", List.of());
    List<Object> typeList = (List<Object>) settings.getOrDefault("token_type", List.of());
    float[] scores = new float[scoreList.size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = ((Double) scoreList.get(i)).floatValue();
    }
    int[] types = typeList.stream().mapToInt(type -> ((Long) type).intValue()).toArray();
    List<String> merges = (List<String>) settings.getOrDefault("merges", List.of());
    return new GgufVocabulary(
        (String) settings.get("model"), Optional.ofNullable((String) settings.get("pre")), tokens, scores, types, merges, settings);
  }

  private String string() {
    byte[] bytes = new byte[(int) in.getLong()];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private Object value(int type) {
    return switch (type) {
      case 0, 1 -> (long) in.get();
      case 2, 3 -> (long) in.getShort();
      case 4, 5 -> (long) in.getInt();
      case 6 -> (double) in.getFloat();
      case 7 -> in.get() != 0;
      case 8 -> string();
      case 9 -> {
        int element = in.getInt();
        long count = in.getLong();
        List<Object> list = new ArrayList<>();
        for (long i = 0; i < count; i++) {
          list.add(value(element));
        }
        yield list;
      }
      case 10, 11 -> in.getLong();
      case 12 -> in.getDouble();
      default -> throw new IllegalArgumentException("type " + type);
    };
  }
}
