package dev.jebena.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code tokenizer.json}, and the end of sequence from the {@code tokenizer_config.json} beside it. */
final class HuggingFaceLoader {
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  private HuggingFaceLoader() {}

  static Tokenizer load(Path folderOrFile) {
    Path file = Files.isDirectory(folderOrFile) ? folderOrFile.resolve("tokenizer.json") : folderOrFile;
    Json json = Json.read(file);
    Map<String, Integer> model = vocabulary(json.at("model").at("vocab"));
    List<HuggingFaceTokenizer.Added> added = added(json.at("added_tokens"), model);
    Map<String, Integer> ids = new HashMap<>(model);
    added.forEach(token -> ids.put(token.content(), token.id()));
    int size = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    if (size > 4L * ids.size() + 4096) {
      throw new TokenizerException(file + " has " + ids.size() + " tokens and ids up to " + (size - 1) + ": too many ids are unused");
    }
    List<String> tokens = new ArrayList<>(Collections.nCopies(size, ""));
    ids.forEach((token, id) -> tokens.set(id, token));
    int[] types = new int[size];
    Arrays.fill(types, 1);
    added.forEach(token -> types[token.id()] = token.special() ? CONTROL : USER_DEFINED);
    List<Integer> prefix = new ArrayList<>();
    List<Integer> suffix = new ArrayList<>();
    postProcessor(json.at("post_processor"), prefix, suffix);
    Map<String, Object> settings = new HashMap<>();
    Path config = file.resolveSibling("tokenizer_config.json");
    if (Files.isRegularFile(config)) {
      Json values = Json.read(config);
      named(values.at("bos_token"), "bos_token_id", ids, settings);
      named(values.at("eos_token"), "eos_token_id", ids, settings);
    }
    for (int id : prefix) {
      check(id, size);
    }
    for (int id : suffix) {
      check(id, size);
    }
    GgufVocabulary spelled =
        new GgufVocabulary("huggingface", Optional.empty(), tokens, new float[0], types, List.of(), settings);
    return new HuggingFaceTokenizer(
        spelled,
        added,
        new HuggingFaceTokenizer.Parts(
            HuggingFaceNormalizers.read(json.at("normalizer")),
            HuggingFacePreTokenizers.read(json.at("pre_tokenizer")),
            HuggingFaceModels.read(json.at("model"), model),
            List.copyOf(prefix),
            List.copyOf(suffix),
            HuggingFaceDecoders.read(json.at("decoder"))));
  }

  private static void check(int id, int size) {
    if (id < 0 || id >= size) {
      throw new TokenizerException("the post-processor adds token id " + id + ", outside of the vocabulary of " + size + " tokens");
    }
  }

  private static Map<String, Integer> vocabulary(Json json) {
    Map<String, Integer> vocabulary = new HashMap<>();
    json.map().forEach((token, id) -> vocabulary.put(String.valueOf(token), id(new Json(id, json.place() + "." + token))));
    return vocabulary;
  }

  private static int id(Json json) {
    int id = json.integer();
    if (id < 0 || id == Integer.MAX_VALUE) {
      throw new TokenizerException(json.place() + " is " + id + ": ids begin at 0");
    }
    return id;
  }

  private static List<HuggingFaceTokenizer.Added> added(Json json, Map<String, Integer> model) {
    List<HuggingFaceTokenizer.Added> added = new ArrayList<>();
    if (json.isNull()) {
      return added;
    }
    for (Json token : json.list()) {
      for (String name : new String[] {"single_word", "lstrip", "rstrip"}) {
        if (token.at(name).flag(false)) {
          throw token.unsupported("an added token with " + name);
        }
      }
      String content = token.at("content").string();
      boolean special = token.at("special").flag(false);
      int id = id(token.at("id"));
      added.add(
          new HuggingFaceTokenizer.Added(
              content, model.getOrDefault(content, id), special, token.at("normalized").flag(!special)));
    }
    return added;
  }

  private static void named(Json token, String setting, Map<String, Integer> ids, Map<String, Object> settings) {
    String content = token.value() instanceof Map<?, ?> ? token.at("content").string("") : token.string("");
    Integer id = ids.get(content);
    if (id != null) {
      settings.put(setting, (long) id);
    }
  }

  private static void postProcessor(Json json, List<Integer> prefix, List<Integer> suffix) {
    if (json.isNull()) {
      return;
    }
    String type = json.at("type").string();
    switch (type) {
      case "ByteLevel" -> {}
      case "Sequence" -> json.at("processors").list().forEach(part -> postProcessor(part, prefix, suffix));
      case "BertProcessing", "RobertaProcessing" -> {
        prefix.add(json.at("cls").list().getLast().integer());
        suffix.add(json.at("sep").list().getLast().integer());
      }
      case "TemplateProcessing" -> {
        boolean after = false;
        for (Json part : json.at("single").list()) {
          if (!part.at("Sequence").isNull()) {
            after = true;
            continue;
          }
          Json name = part.at("SpecialToken").at("id");
          for (Json id : json.at("special_tokens").at(name.string()).at("ids").list()) {
            (after ? suffix : prefix).add(id.integer());
          }
        }
      }
      default -> throw json.unsupported("post-processor '" + type + "'");
    }
  }
}
