package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The tokens of a GGUF vocabulary by id, their kinds, and the ids with a meaning. */
final class Vocabulary {

  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int BYTE = 6;

  /** Spellings that end a turn in the chat formats of the common model families. */
  private static final Set<String> TURN_ENDS =
      Set.of("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<EOT>", "<|end_of_turn|>");

  private final List<String> tokens;
  private final int[] types;
  private final Map<String, Integer> ids;
  private final SpecialTokens specials;
  private final OptionalInt unknown;

  Vocabulary(GgufVocabulary source) {
    this.tokens = source.tokens();
    if (tokens.isEmpty()) {
      throw new TokenizerException("the vocabulary has no tokens");
    }
    this.types = source.types().length == 0 ? filled(tokens.size()) : source.types();
    if (types.length != tokens.size()) {
      throw new TokenizerException("the vocabulary has " + tokens.size() + " tokens and " + types.length + " token types");
    }
    this.ids = HashMap.newHashMap(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      ids.putIfAbsent(tokens.get(id), id);
    }
    this.unknown = setting(source, "unknown_token_id");
    OptionalInt end = setting(source, "eos_token_id");
    Set<Integer> ends = new HashSet<>();
    end.ifPresent(ends::add);
    setting(source, "eot_token_id").ifPresent(ends::add);
    setting(source, "eom_token_id").ifPresent(ends::add);
    for (String spelling : TURN_ENDS) {
      Integer id = ids.get(spelling);
      if (id != null && isSpecial(id)) {
        ends.add(id);
      }
    }
    this.specials = new SpecialTokens(setting(source, "bos_token_id"), end, ends);
  }

  private static int[] filled(int size) {
    int[] types = new int[size];
    java.util.Arrays.fill(types, NORMAL);
    return types;
  }

  private OptionalInt setting(GgufVocabulary source, String name) {
    Object value = source.settings().get(name);
    if (value == null) {
      return OptionalInt.empty();
    }
    if (!(value instanceof Long id)) {
      throw new TokenizerException("tokenizer.ggml." + name + " is " + value + ": it must be a token id");
    }
    if (id < 0 || id >= tokens.size()) {
      // models without such a token say so with an id outside of the vocabulary
      return OptionalInt.empty();
    }
    return OptionalInt.of(id.intValue());
  }

  int size() {
    return tokens.size();
  }

  String text(int id) {
    return tokens.get(checked(id));
  }

  int checked(int id) {
    if (id < 0 || id >= tokens.size()) {
      throw new TokenizerException("token id " + id + " is outside of the vocabulary of " + tokens.size() + " tokens");
    }
    return id;
  }

  OptionalInt id(String text) {
    Integer id = ids.get(text);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  Optional<String> textIfPresent(int id) {
    return id >= 0 && id < tokens.size() ? Optional.of(tokens.get(id)) : Optional.empty();
  }

  SpecialTokens specials() {
    return specials;
  }

  OptionalInt unknown() {
    return unknown;
  }

  boolean isSpecial(int id) {
    return types[id] == CONTROL || types[id] == UNKNOWN;
  }

  boolean isUserDefined(int id) {
    return types[id] == USER_DEFINED;
  }

  boolean isByte(int id) {
    return types[id] == BYTE;
  }

  /** The tokens that are found in a text before anything else: user-defined ones always, special ones when asked for. */
  List<Integer> addedTokens(EncodeOptions.Specials which) {
    List<Integer> added = new ArrayList<>();
    for (int id = 0; id < types.length; id++) {
      boolean wanted = isUserDefined(id) || which == EncodeOptions.Specials.PARSE && isSpecial(id);
      if (wanted && !tokens.get(id).isEmpty()) {
        added.add(id);
      }
    }
    return added;
  }
}
