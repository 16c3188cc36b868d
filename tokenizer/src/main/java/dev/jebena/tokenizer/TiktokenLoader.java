package dev.jebena.tokenizer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/**
 * Reads rank files: a line for each token with its bytes in Base64 and its rank, which is its id too. Two neighbours merge if their bytes
 * together are a token, the least rank first; so every way to cut a token into two others is a merge of that token's rank.
 */
final class TiktokenLoader {

  private static final int MAX_RANK = 1 << 24;

  private TiktokenLoader() {}

  /** Whether a file looks like lines of Base64 and a number: SentencePiece models begin with a byte that is none of these. */
  static boolean isRankFile(byte[] data) {
    for (int i = 0; i < Math.min(data.length, 200); i++) {
      int c = data[i];
      if (c == '\n' && i > 0) {
        return true;
      }
      if (c < ' ' && c != '\r') {
        return false;
      }
    }
    return data.length > 0;
  }

  /**
   * Builds the tokenizer.
   *
   * @throws TokenizerException if nothing tells which pattern cuts the text
   */
  static Tokenizer load(byte[] data, Path file, TokenizerOptions options) {
    TiktokenEncoding encoding = options.preTokenizer().map(TiktokenEncoding::named).or(() -> TiktokenEncoding.of(file)).orElseThrow(
        () -> new TokenizerException(
            "neither its name nor a file beside it says how texts are cut: choose a pre-tokenizer; known are " + TiktokenEncoding.names()));
    Path config = file.resolveSibling("tokenizer_config.json");
    return load(data, encoding, Files.isRegularFile(config) ? Json.read(config) : Json.root(null, "tokenizer_config.json"));
  }

  static Tokenizer load(byte[] data, TiktokenEncoding encoding, Json config) {
    List<String> ranked = ranked(data);
    Map<String, Integer> specials = encoding.specials(ranked.size());
    rename(specials, config.at("added_tokens_decoder"));
    List<String> spellings = new ArrayList<>(ranked);
    byte[] types = types(spellings, specials);
    TokenTable table = new TokenTable(spellings);
    BitSet hidden = new BitSet();
    List<AddedTokenFinder.Added> added = new ArrayList<>();
    specials.forEach((text, id) -> {
      hidden.set(id);
      added.add(new AddedTokenFinder.Added(text, id, true, false, false, false, false));
    });
    TokenLookup lookup = new TokenLookup(table, hidden);
    OptionalInt beginning = first(table, hidden, "<|begin_of_text|>", "<|startoftext|>", "[BOS]");
    OptionalInt end = first(table, hidden, "<|end_of_text|>", "<|endoftext|>", "[EOS]");
    Vocabulary vocabulary = new Vocabulary(table, types, SpecialTokens.find(table, types, beginning, end, List.of()));
    boolean begins = encoding == TiktokenEncoding.LLAMA3 || encoding == TiktokenEncoding.LLAMA3_1;
    UnaryOperator<AlignedText> normalizer =
        encoding == TiktokenEncoding.QWEN ? text -> NormalForms.normalize(text, Normalizer.Form.NFC) : null;
    return new ComposedTokenizer(
        vocabulary,
        new ComposedTokenizer.Parts(
            added,
            normalizer,
            new HuggingFacePreTokenizers.Cutting(cutter(encoding), true, false),
            new BpeModel(lookup, BytePairMerges.byRank(lookup), BpeModel.Rules.byteLevel(OptionalInt.empty(), BpeModel.Wholes.FIRST)),
            EncodingTemplate.around(begins && beginning.isPresent() ? List.of(beginning.getAsInt()) : List.of(), List.of(), List.of()),
            HuggingFaceDecoders.ofBytes(DecodeStage::spelledBytes, HuggingFaceDecoders.FirstSpace.KEPT),
            Map.of(),
            hidden));
  }

  private static HuggingFacePreTokenizers.Cutter cutter(TiktokenEncoding encoding) {
    try {
      return HuggingFacePreTokenizers.splitter(
          PatternAutomaton.compile(encoding.pattern(), PatternParser.Dialect.TEXT, "the pattern"), SplitBehavior.ISOLATED, false);
    } catch (PatternParser.BeyondException e) {
      throw new IllegalStateException("the pattern of " + encoding + " cannot be compiled", e);
    }
  }

  private static OptionalInt first(TokenTable table, BitSet specials, String... spellings) {
    for (String spelling : spellings) {
      int id = table.find(spelling);
      if (id >= 0 && specials.get(id)) {
        return OptionalInt.of(id);
      }
    }
    return OptionalInt.empty();
  }

  /** The tokens in the byte alphabet by rank; ranks that the file leaves out are empty. */
  private static List<String> ranked(byte[] data) {
    List<String> ranked = new ArrayList<>();
    int number = 0;
    for (String line : new String(data, StandardCharsets.ISO_8859_1).split("\n")) {
      number++;
      String entry = line.strip();
      if (entry.isEmpty()) {
        continue;
      }
      int space = entry.indexOf(' ');
      int rank;
      byte[] bytes;
      try {
        bytes = Base64.getDecoder().decode(entry.substring(0, Math.max(0, space)));
        rank = Integer.parseInt(entry.substring(space + 1).strip());
      } catch (IllegalArgumentException e) {
        throw new TokenizerException("line " + number + " is not a token in Base64 and its rank", e);
      }
      if (rank < 0 || rank >= MAX_RANK || rank > 4L * ranked.size() + 4096 || bytes.length == 0) {
        throw new TokenizerException("line " + number + " has rank " + rank + " and " + bytes.length + " bytes: one of them cannot be");
      }
      if (rank >= ranked.size()) {
        ranked.addAll(Collections.nCopies(rank + 1 - ranked.size(), ""));
      }
      ranked.set(rank, ByteAlphabet.spelling(bytes));
    }
    if (ranked.isEmpty()) {
      throw new TokenizerException("the file has no tokens");
    }
    return ranked;
  }

  /** A configuration beside the file may name special tokens. */
  private static void rename(Map<String, Integer> specials, Json decoder) {
    if (decoder.isNull()) {
      return;
    }
    decoder.map().forEach((key, value) -> {
      int id;
      try {
        id = decoder.child(key, (double) Integer.parseInt(String.valueOf(key))).id();
      } catch (NumberFormatException e) {
        throw new TokenizerException(decoder.place() + "." + key + " is not named by a token id", e);
      }
      if (specials.values().remove(id)) {
        specials.put(decoder.child(key, value).at("content").string(), id);
      }
    });
  }

  private static byte[] types(List<String> spellings, Map<String, Integer> specials) {
    int size = Math.max(spellings.size(), specials.values().stream().mapToInt(id -> id + 1).max().orElse(0));
    if (size > 2L * spellings.size() + 250_000) {
      throw new TokenizerException("the file has " + spellings.size() + " tokens, and special ones up to id " + (size - 1) + ": choose another pre-tokenizer");
    }
    spellings.addAll(Collections.nCopies(size - spellings.size(), ""));
    byte[] types = Vocabulary.normal(size);
    specials.forEach((text, id) -> {
      types[id] = Vocabulary.CONTROL;
      spellings.set(id, text);
    });
    return types;
  }
}
