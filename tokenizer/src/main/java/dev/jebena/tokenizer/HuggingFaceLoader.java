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
import org.jspecify.annotations.Nullable;

/** Reads {@code tokenizer.json}, and what the {@code tokenizer_config.json} beside it adds to that. */
final class HuggingFaceLoader {

  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  private HuggingFaceLoader() {}

  static Tokenizer load(Path folderOrFile) {
    Path file = Files.isDirectory(folderOrFile) ? folderOrFile.resolve("tokenizer.json") : folderOrFile;
    Json json = Json.read(file);
    Path configFile = file.resolveSibling("tokenizer_config.json");
    Json config = Files.isRegularFile(configFile) ? Json.read(configFile) : new Json(null, "tokenizer_config.json");
    Map<String, Integer> model = HuggingFaceModels.vocabulary(json.at("model"));
    List<HuggingFaceAddedTokens.Added> added = added(json.at("added_tokens"), model);
    addConfigured(config.at("added_tokens_decoder"), model, added);
    Map<String, Integer> ids = new HashMap<>(model);
    added.forEach(token -> ids.put(token.content(), token.id()));
    Vocabulary vocabulary = vocabulary(file, ids, added, settings(config, ids));
    HuggingFaceTemplate template = configured(HuggingFaceTemplate.read(json.at("post_processor")), json, config, vocabulary);
    template.check(vocabulary.size());
    return new HuggingFaceTokenizer(
        vocabulary,
        added,
        new HuggingFaceTokenizer.Parts(
            HuggingFaceNormalizers.read(json.at("normalizer")),
            HuggingFacePreTokenizers.read(json.at("pre_tokenizer")),
            HuggingFaceModels.read(json.at("model"), model),
            template,
            HuggingFaceDecoders.read(json.at("decoder"))));
  }

  private static Vocabulary vocabulary(
      Path file, Map<String, Integer> ids, List<HuggingFaceAddedTokens.Added> added, Map<String, Object> settings) {
    int size = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    if (size > 4L * ids.size() + 4096) {
      throw new TokenizerException(file + " has " + ids.size() + " tokens and ids up to " + (size - 1) + ": too many ids are unused");
    }
    List<String> tokens = new ArrayList<>(Collections.nCopies(size, ""));
    ids.forEach((token, id) -> tokens.set(id, token));
    int[] types = new int[size];
    Arrays.fill(types, 1);
    for (HuggingFaceAddedTokens.Added token : added) {
      types[token.id()] = token.special() ? CONTROL : USER_DEFINED;
      tokens.set(token.id(), token.content());
    }
    return new Vocabulary(new GgufVocabulary("huggingface", Optional.empty(), tokens, new float[0], types, List.of(), settings));
  }

  private static List<HuggingFaceAddedTokens.Added> added(Json json, Map<String, Integer> model) {
    List<HuggingFaceAddedTokens.Added> added = new ArrayList<>();
    if (!json.isNull()) {
      for (Json token : json.list()) {
        added.add(token(token, model.getOrDefault(token.at("content").string(), token.at("id").id())));
      }
    }
    return added;
  }

  private static HuggingFaceAddedTokens.Added token(Json token, int id) {
    boolean special = token.at("special").flag(false);
    return new HuggingFaceAddedTokens.Added(
        token.at("content").string(),
        id,
        special,
        token.at("single_word").flag(false),
        token.at("lstrip").flag(false),
        token.at("rstrip").flag(false),
        token.at("normalized").flag(!special));
  }

  /** The config may have tokens that the tokenizer has not; where both have one, the tokenizer counts. */
  private static void addConfigured(Json json, Map<String, Integer> model, List<HuggingFaceAddedTokens.Added> added) {
    if (json.isNull()) {
      return;
    }
    Map<String, Integer> known = new HashMap<>();
    added.forEach(token -> known.put(token.content(), token.id()));
    json.map().forEach((key, value) -> {
      Json token = new Json(value, json.place() + "." + key);
      String content = token.at("content").string();
      int id;
      try {
        id = new Json((double) Integer.parseInt(String.valueOf(key)), token.place()).id();
      } catch (NumberFormatException e) {
        throw new TokenizerException(token.place() + " is not named by a token id", e);
      }
      if (!known.containsKey(content) && !known.containsValue(id)) {
        added.add(token(token, model.getOrDefault(content, id)));
      }
    });
  }

  private static @Nullable String named(Json token) {
    return token.value() instanceof Map<?, ?> ? token.at("content").string("") : token.string("");
  }

  private static Map<String, Object> settings(Json config, Map<String, Integer> ids) {
    Map<String, Object> settings = new HashMap<>();
    for (String name : new String[] {"bos_token", "eos_token"}) {
      Integer id = ids.get(named(config.at(name)));
      if (id != null) {
        settings.put(name + "_id", (long) id);
      }
    }
    return settings;
  }

  /** Where the tokenizer itself has no post-processor, the config may ask for the tokens around a text. */
  private static HuggingFaceTemplate configured(HuggingFaceTemplate template, Json json, Json config, Vocabulary vocabulary) {
    List<Integer> before = new ArrayList<>();
    List<Integer> after = new ArrayList<>();
    if (config.at("add_bos_token").flag(false)) {
      vocabulary.specials().beginning().ifPresent(before::add);
    }
    if (config.at("add_eos_token").flag(false)) {
      vocabulary.specials().end().ifPresent(after::add);
    }
    boolean asked = !before.isEmpty() || !after.isEmpty();
    return asked && json.at("post_processor").isNull() ? template.around(before, after) : template;
  }
}
