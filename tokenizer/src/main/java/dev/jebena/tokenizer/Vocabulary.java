package dev.jebena.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The tokens of a model by id, their kinds, and the ids with a meaning. */
final class Vocabulary {

  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  private final TokenTable tokens;
  private final byte[] types;
  private final SpecialTokens specials;

  /**
   * Puts a vocabulary together.
   *
   * @param types kinds by id, with the numbers that GGUF gives them
   */
  Vocabulary(TokenTable tokens, byte[] types, SpecialTokens specials) {
    if (types.length != tokens.size()) {
      throw new TokenizerException("the vocabulary has " + tokens.size() + " tokens and " + types.length + " token types");
    }
    this.tokens = tokens;
    this.types = types;
    this.specials = specials;
  }

  static byte[] normal(int size) {
    byte[] types = new byte[size];
    Arrays.fill(types, (byte) NORMAL);
    return types;
  }

  TokenTable table() {
    return tokens;
  }

  int size() {
    return tokens.size();
  }

  String text(int id) {
    return tokens.text(checked(id));
  }

  int checked(int id) {
    if (id < 0 || id >= tokens.size()) {
      throw new TokenizerException("token id " + id + " is outside of the vocabulary of " + tokens.size() + " tokens");
    }
    return id;
  }

  OptionalInt id(String text) {
    int id = tokens.find(text);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  Optional<String> textIfPresent(int id) {
    return id >= 0 && id < tokens.size() ? Optional.of(tokens.text(id)) : Optional.empty();
  }

  SpecialTokens specials() {
    return specials;
  }

  boolean isSpecial(int id) {
    return types[id] == CONTROL || types[id] == UNKNOWN;
  }

  /** The ids of these kinds. */
  BitSet ofTypes(Integer... wanted) {
    List<Integer> all = List.of(wanted);
    BitSet ids = new BitSet();
    for (int id = 0; id < types.length; id++) {
      if (all.contains((int) types[id])) {
        ids.set(id);
      }
    }
    return ids;
  }
}
