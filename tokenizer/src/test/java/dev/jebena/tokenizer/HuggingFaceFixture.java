package dev.jebena.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Small tokenizer.json files written for tests; parts are given as JSON with single quotes. */
final class HuggingFaceFixture {

  private final Map<String, String> parts = new LinkedHashMap<>();
  private String config = "";

  private HuggingFaceFixture(String model) {
    parts.put("model", model);
  }

  /** A BPE model over the tokens that are named, whose merges are those of tokens that two others make up. */
  static HuggingFaceFixture bpe(String options, String merges, String... tokens) {
    return new HuggingFaceFixture("{'type':'BPE'," + options + (options.isEmpty() ? "" : ",") + "'vocab':" + vocabulary(tokens)
        + ",'merges':[" + merges + "]}");
  }

  static HuggingFaceFixture model(String type, String options, String... tokens) {
    return new HuggingFaceFixture("{'type':'" + type + "'," + options + ",'vocab':" + vocabulary(tokens) + "}");
  }

  static HuggingFaceFixture unigram(String options, String vocabulary) {
    return new HuggingFaceFixture("{'type':'Unigram'," + options + ",'vocab':" + vocabulary + "}");
  }

  private static String vocabulary(String... tokens) {
    StringBuilder json = new StringBuilder("{");
    for (int id = 0; id < tokens.length; id++) {
      json.append(id == 0 ? "" : ",").append("'").append(tokens[id]).append("':").append(id);
    }
    return json.append("}").toString();
  }

  HuggingFaceFixture with(String part, String json) {
    parts.put(part, json);
    return this;
  }

  HuggingFaceFixture config(String json) {
    config = json;
    return this;
  }

  Tokenizer load() {
    StringBuilder json = new StringBuilder("{");
    parts.forEach((name, value) -> json.append(json.length() == 1 ? "" : ",").append("'").append(name).append("':").append(value));
    return load(json.append("}").toString().replace('\'', '"'));
  }

  private Tokenizer load(String json) {
    try {
      Path folder = Files.createTempDirectory("tokenizer");
      try {
        Files.writeString(folder.resolve("tokenizer.json"), json);
        if (!config.isEmpty()) {
          Files.writeString(folder.resolve("tokenizer_config.json"), config.replace('\'', '"'));
        }
        return Tokenizers.fromHuggingFace(folder);
      } finally {
        Files.deleteIfExists(folder.resolve("tokenizer.json"));
        Files.deleteIfExists(folder.resolve("tokenizer_config.json"));
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tokens of a text by their spelling, with a bar after each. */
  static String spelled(Tokenizer tokenizer, String text) {
    StringBuilder spelled = new StringBuilder();
    for (int id : tokenizer.encode(text, EncodeOptions.PROMPT)) {
      spelled.append(tokenizer.tokenText(id).orElseThrow()).append('|');
    }
    return spelled.toString();
  }
}
