package dev.jebena.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/** Reads {@code tokenizer.json}, and what the {@code tokenizer_config.json} beside it adds to that. */
final class HuggingFaceLoader {

  private HuggingFaceLoader() {}

  static Tokenizer load(Path folderOrFile) {
    Path file = Files.isDirectory(folderOrFile) ? folderOrFile.resolve("tokenizer.json") : folderOrFile;
    Json json = Json.read(file);
    Path configFile = file.resolveSibling("tokenizer_config.json");
    Json config = Files.isRegularFile(configFile) ? Json.read(configFile) : Json.root(null, "tokenizer_config.json");
    return load(json, config);
  }

  static Tokenizer load(Json json, Json config) {
    Map<String, Integer> model = HuggingFaceModels.vocabulary(json.at("model"));
    List<AddedTokenFinder.Added> added = added(json.at("added_tokens"), model);
    addConfigured(config.at("added_tokens_decoder"), model, added);
    BitSet hidden = new BitSet();
    for (AddedTokenFinder.Added token : added) {
      hidden.set(token.id(), !model.containsKey(token.content()));
    }
    Vocabulary vocabulary = vocabulary(json.place(), model, added, config);
    TokenLookup tokens = new TokenLookup(vocabulary.table(), hidden);
    EncodingTemplate template = configured(EncodingTemplate.read(json.at("post_processor")), json, config, vocabulary);
    template.check(vocabulary.size());
    HuggingFacePreTokenizers.Cutting cutting = HuggingFacePreTokenizers.read(json.at("pre_tokenizer"));
    if (!cutting.spellsBytes() && HuggingFaceModels.mergesWordByWord(json.at("model"), tokens)) {
      cutting = cutting.then(new SpaceMarkBorders(tokens));
    }
    UnaryOperator<AlignedText> normalizer = HuggingFaceNormalizers.read(json.at("normalizer"));
    HuggingFaceDecoders.Cleanup cleanup = config.at("clean_up_tokenization_spaces").flag(false)
        ? HuggingFaceDecoders.Cleanup.ASKED_FOR
        : HuggingFaceDecoders.Cleanup.NOT_ASKED_FOR;
    return new ComposedTokenizer(
        vocabulary,
        new ComposedTokenizer.Parts(
            added,
            normalizer,
            cutting,
            HuggingFaceModels.read(json.at("model"), tokens),
            template,
            HuggingFaceDecoders.read(json.at("decoder"), cleanup),
            Map.of(),
            new BitSet()));
  }

  private static Vocabulary vocabulary(String file, Map<String, Integer> ids, List<AddedTokenFinder.Added> added, Json config) {
    int greatest = -1;
    for (int id : ids.values()) {
      greatest = Math.max(greatest, id);
    }
    for (AddedTokenFinder.Added token : added) {
      greatest = Math.max(greatest, token.id());
    }
    int size = greatest + 1;
    int known = ids.size() + added.size();
    if (size > 4L * known + 4096) {
      throw new TokenizerException(file + " has " + known + " tokens and ids up to " + greatest + ": too many ids are unused");
    }
    List<String> tokens = new ArrayList<>(Collections.nCopies(size, ""));
    ids.forEach((token, id) -> tokens.set(id, token));
    byte[] types = Vocabulary.normal(size);
    for (AddedTokenFinder.Added token : added) {
      types[token.id()] = (byte) (token.special() ? Vocabulary.CONTROL : Vocabulary.USER_DEFINED);
      tokens.set(token.id(), token.content());
    }
    TokenTable table = new TokenTable(tokens);
    OptionalInt beginning = configured(config.at("bos_token"), table);
    OptionalInt end = configured(config.at("eos_token"), table);
    return new Vocabulary(table, types, SpecialTokens.find(table, types, beginning, end, List.of()));
  }

  private static List<AddedTokenFinder.Added> added(Json json, Map<String, Integer> model) {
    List<AddedTokenFinder.Added> added = new ArrayList<>();
    if (!json.isNull()) {
      for (Json token : json.list()) {
        added.add(token(token, model.getOrDefault(token.at("content").string(), token.at("id").id())));
      }
    }
    return added;
  }

  private static AddedTokenFinder.Added token(Json token, int id) {
    boolean special = token.at("special").flag(false);
    return new AddedTokenFinder.Added(
        token.at("content").string(),
        id,
        special,
        token.at("single_word").flag(false),
        token.at("lstrip").flag(false),
        token.at("rstrip").flag(false),
        token.at("normalized").flag(!special));
  }

  /** The config may have tokens that the tokenizer has not; where both have one, the tokenizer counts. */
  private static void addConfigured(Json json, Map<String, Integer> model, List<AddedTokenFinder.Added> added) {
    if (json.isNull()) {
      return;
    }
    Map<String, Integer> known = new HashMap<>();
    added.forEach(token -> known.put(token.content(), token.id()));
    json.map().forEach((key, value) -> {
      Json token = json.child(key, value);
      String content = token.at("content").string();
      int id;
      try {
        id = json.child(key, (double) Integer.parseInt(String.valueOf(key))).id();
      } catch (NumberFormatException e) {
        throw new TokenizerException(token.place() + " is not named by a token id", e);
      }
      if (!known.containsKey(content) && !known.containsValue(id)) {
        added.add(token(token, model.getOrDefault(content, id)));
      }
    });
  }

  private static OptionalInt configured(Json token, TokenTable tokens) {
    int id = tokens.find(token.value() instanceof Map<?, ?> ? token.at("content").string("") : token.string(""));
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Where the tokenizer itself has no post-processor, the config may ask for the tokens around a text. */
  private static EncodingTemplate configured(EncodingTemplate template, Json json, Json config, Vocabulary vocabulary) {
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
