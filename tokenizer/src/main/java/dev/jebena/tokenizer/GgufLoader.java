package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Puts the tokenizer together that a GGUF file describes. */
final class GgufLoader {

  private static final String MARK = String.valueOf(SpaceMarkBorders.MARK);

  /** The models whose texts are cut as {@code tokenizer.ggml.pre} says. */
  private static final List<String> PIECED = List.of("gpt2", "gemma4");

  private final GgufVocabulary source;
  private final Vocabulary vocabulary;
  private final TokenTable tokens;

  private GgufLoader(GgufVocabulary source, List<String> spellings) {
    this.source = source;
    if (spellings.isEmpty()) {
      throw new TokenizerException("the vocabulary has no tokens");
    }
    tokens = new TokenTable(spellings);
    byte[] types = Vocabulary.normal(tokens.size());
    if (source.types().length != 0 && source.types().length != types.length) {
      throw new TokenizerException("the vocabulary has " + types.length + " tokens and " + source.types().length + " token types");
    }
    for (int id = 0; id < source.types().length; id++) {
      types[id] = (byte) source.types()[id];
    }
    List<Integer> ends = new ArrayList<>();
    id("eot_token_id").ifPresent(ends::add);
    id("eom_token_id").ifPresent(ends::add);
    vocabulary = new Vocabulary(
        tokens, types, SpecialTokens.find(tokens, types, first(id("bos_token_id"), id("cls_token_id")), end(), ends));
  }

  static Tokenizer load(GgufVocabulary source, TokenizerOptions options) {
    if (!PIECED.contains(source.model())) {
      options.requireNoPreTokenizer("a vocabulary of tokenizer model '" + source.model() + "'");
    }
    return switch (source.model()) {
      case "gpt2", "gemma4" -> {
        String byDefault = source.model().equals("gemma4") ? "gemma4" : "gpt-2";
        String name = options.preTokenizer().orElse(source.pre().orElse(byDefault));
        yield new GgufLoader(source, source.tokens()).bytePairs(GgufPreTokenizers.named(name));
      }
      case "llama" -> new GgufLoader(source, source.tokens()).scored();
      case "bert" -> new GgufLoader(source, source.tokens()).wordPiece();
      case "t5" -> new GgufLoader(source, source.tokens()).unigram();
      case "rwkv" -> new GgufLoader(source, RwkvModel.spellings(source.tokens())).rwkv();
      default ->
          throw new TokenizerException(
              "tokenizer model '" + source.model() + "' is not supported; known are gpt2, gemma4, llama, bert, t5 and rwkv");
    };
  }

  private OptionalInt end() {
    OptionalInt end = id("eos_token_id");
    return end.isEmpty() && source.model().equals("bert") ? separator() : end;
  }

  /** The format's first writers misspelled the key. */
  private OptionalInt separator() {
    return first(id("seperator_token_id"), id("separator_token_id"));
  }

  private static OptionalInt first(OptionalInt a, OptionalInt b) {
    return a.isPresent() ? a : b;
  }

  private OptionalInt id(String name) {
    Object value = source.settings().get(name);
    if (value == null) {
      return OptionalInt.empty();
    }
    if (!(value instanceof Long id)) {
      throw new TokenizerException("tokenizer.ggml." + name + " is " + value + ": it must be a token id");
    }
    // models without such a token say so with an id outside of the vocabulary
    return id < 0 || id >= source.tokens().size() ? OptionalInt.empty() : OptionalInt.of(id.intValue());
  }

  private boolean flag(String name, boolean byDefault) {
    Object value = source.settings().get(name);
    if (value != null && !(value instanceof Boolean)) {
      throw new TokenizerException("tokenizer.ggml." + name + " is " + value + ": it must be true or false");
    }
    return value == null ? byDefault : (Boolean) value;
  }

  /** User-defined tokens are always found in a text, special ones when asked for. */
  private List<AddedTokenFinder.Added> added() {
    boolean phi3 = String.valueOf(source.settings().get("general.name")).toLowerCase(java.util.Locale.ROOT).matches(".*phi-?3.*");
    List<AddedTokenFinder.Added> added = new ArrayList<>();
    BitSet wanted = vocabulary.ofTypes(Vocabulary.USER_DEFINED, Vocabulary.CONTROL, Vocabulary.UNKNOWN);
    for (int id = wanted.nextSetBit(0); id >= 0; id = wanted.nextSetBit(id + 1)) {
      String text = vocabulary.text(id);
      boolean special = vocabulary.isSpecial(id);
      // its own tokenizer file takes the spaces after them; the format has no field for that
      boolean right = phi3 && (special || text.equals("</s>")) && !List.of("<unk>", "<s>", "<|endoftext|>").contains(text);
      if (!text.isEmpty()) {
        added.add(new AddedTokenFinder.Added(text, id, special, false, false, right, false));
      }
    }
    return added;
  }

  private EncodingTemplate template(boolean addsBeginning, boolean addsEnd, List<Integer> betweenPairs) {
    List<Integer> before = new ArrayList<>();
    List<Integer> after = new ArrayList<>();
    if (flag("add_bos_token", addsBeginning)) {
      vocabulary.specials().beginning().ifPresent(before::add);
    }
    if (flag("add_eos_token", addsEnd)) {
      vocabulary.specials().end().ifPresent(after::add);
    }
    return EncodingTemplate.around(before, after, betweenPairs);
  }

  private Tokenizer tokenizer(
      @Nullable UnaryOperator<AlignedText> normalizer,
      HuggingFacePreTokenizers.Cutting cutting,
      PieceModel model,
      EncodingTemplate template,
      HuggingFaceDecoders.Decoding decoding) {
    BitSet verbatim = vocabulary.ofTypes(Vocabulary.USER_DEFINED, Vocabulary.CONTROL, Vocabulary.UNKNOWN);
    Map<Integer, String> decodedForms = new HashMap<>();
    if (source.model().equals("bert")) {
      verbatim.stream().forEach(id -> decodedForms.put(id, MARK + vocabulary.text(id)));
      verbatim.clear();
    }
    return new ComposedTokenizer(
        vocabulary, new ComposedTokenizer.Parts(added(), normalizer, cutting, model, template, decoding, decodedForms, verbatim));
  }

  private Tokenizer bytePairs(GgufPreTokenizers.PreTokenizer pre) {
    boolean spaceMarks = pre.has(GgufPreTokenizers.Trait.SPACE_MARKS);
    TokenLookup lookup = TokenLookup.of(tokens);
    BpeModel.Wholes wholes =
        pre.has(GgufPreTokenizers.Trait.WHOLE_TOKENS) ? BpeModel.Wholes.FIRST : BpeModel.Wholes.AS_MERGED;
    BpeModel bpe = new BpeModel(lookup, merges(), spaceMarks
        ? new BpeModel.Rules(id("unknown_token_id"), BpeModel.Unknowns.FUSED, wholes, BpeModel.Bytes.FOR_UNKNOWN, "", "")
        : BpeModel.Rules.byteLevel(id("unknown_token_id"), wholes));
    PieceModel model = pre.has(GgufPreTokenizers.Trait.WHOLE_LINE_FEEDS) ? wholeLineFeeds(tokens, bpe) : bpe;
    HuggingFacePreTokenizers.Cutter cutter = cutter(pre.patterns());
    HuggingFacePreTokenizers.Cutting cutting = new HuggingFacePreTokenizers.Cutting(cutter, !spaceMarks, false);
    List<Integer> between = new ArrayList<>();
    if (pre.has(GgufPreTokenizers.Trait.SEPARATES_PAIRS)) {
      first(separator(), vocabulary.specials().end()).ifPresent(between::add);
    }
    EncodingTemplate template = template(pre.has(GgufPreTokenizers.Trait.ADDS_BEGINNING), false, between);
    return spaceMarks
        ? tokenizer(text -> HuggingFaceNormalizers.replace(text, TextPattern.literal(" "), MARK), cutting.then(new SpaceMarkBorders(lookup)),
            model, template, markedDecoding(false))
        : tokenizer(null, cutting, model, template, HuggingFaceDecoders.ofBytes(DecodeStage::spelledBytes, HuggingFaceDecoders.FirstSpace.KEPT));
  }

  private static HuggingFacePreTokenizers.Cutter cutter(List<String> patterns) {
    HuggingFacePreTokenizers.Cutter all = null;
    for (String pattern : patterns) {
      HuggingFacePreTokenizers.Cutter next =
          HuggingFacePreTokenizers.splitter(TextPattern.regex(pattern, "the pre-tokenizer"), SplitBehavior.ISOLATED, false);
      all = all == null ? next : all.then(next);
    }
    return all == null ? (text, from, to, out) -> out.piece(text, from, to) : all;
  }

  private static PieceModel wholeLineFeeds(TokenTable tokens, BpeModel model) {
    return (text, from, to, out) -> {
      boolean lineFeeds = text.charAt(from) == '\n';
      int whole = lineFeeds ? tokens.find(text, from, to) : TokenTable.NONE;
      if (whole >= 0) {
        out.token(whole, from, to);
      } else {
        model.encode(text, from, to, out);
      }
    };
  }

  private BytePairMerges merges() {
    BytePairMerges.Builder builder = new BytePairMerges.Builder(source.merges().size());
    for (int i = 0; i < source.merges().size(); i++) {
      String merge = source.merges().get(i);
      int space = merge.indexOf(' ', 1);
      if (space < 0 || space == merge.length() - 1) {
        throw new TokenizerException("merge " + i + " is '" + merge + "': two tokens with a space between them are needed");
      }
      int left = tokens.find(merge, 0, space);
      int right = tokens.find(merge, space + 1, merge.length());
      int result = tokens.findJoined(merge, space);
      if (left < 0 || right < 0 || result < 0) {
        throw new TokenizerException("merge " + i + " is '" + merge + "', which names a token that the vocabulary does not have");
      }
      builder.add(left, right, result);
    }
    return builder.build();
  }

  private int[] byteTokens() {
    int[] idOfByte = new int[256];
    java.util.Arrays.fill(idOfByte, TokenTable.NONE);
    BitSet bytes = vocabulary.ofTypes(Vocabulary.BYTE);
    for (int id = bytes.nextSetBit(0); id >= 0; id = bytes.nextSetBit(id + 1)) {
      int value = ByteTokens.valueOf(vocabulary.text(id));
      if (value >= 0) {
        idOfByte[value] = id;
      }
    }
    return idOfByte;
  }

  private HuggingFaceDecoders.Decoding markedDecoding(boolean dropsFirstSpace) {
    BitSet bytes = vocabulary.ofTypes(Vocabulary.BYTE);
    TokenTable table = tokens;
    return HuggingFaceDecoders.ofBytes(
        token -> {
          int value = ByteTokens.valueOf(token);
          boolean isByte = value >= 0 && bytes.get(Math.max(0, table.find(token)));
          return isByte ? new byte[] {(byte) value} : Utf8.encode(token.replace(SpaceMarkBorders.MARK, ' '));
        },
        dropsFirstSpace ? HuggingFaceDecoders.FirstSpace.DROPPED : HuggingFaceDecoders.FirstSpace.KEPT);
  }

  private void requireScores() {
    if (source.scores().length != tokens.size()) {
      throw new TokenizerException("the vocabulary has " + tokens.size() + " tokens and " + source.scores().length + " scores");
    }
  }

  private Tokenizer scored() {
    requireScores();
    boolean prefix = flag("add_space_prefix", true);
    TokenLookup lookup = TokenLookup.of(tokens);
    PieceModel model = new ScoredBpeModel(
        new ScoredBpeModel.Parts(lookup, new BitSet(), null, id("unknown_token_id"), byteTokens()), source.scores());
    TextPattern space = TextPattern.literal(" ");
    UnaryOperator<AlignedText> normalizer = text -> {
      AlignedText marked = HuggingFaceNormalizers.replace(text, space, MARK);
      return prefix ? HuggingFaceNormalizers.prepend(marked, MARK) : marked;
    };
    return tokenizer(
        normalizer,
        new HuggingFacePreTokenizers.Cutting(new SpaceMarkBorders(lookup), false, false),
        model,
        template(true, false, List.of()),
        markedDecoding(prefix));
  }

  private Tokenizer wordPiece() {
    boolean lowers = flag("normalizer.lowercase", true);
    BertNormalizer normalizer = new BertNormalizer(true, true, flag("normalizer.strip_accents", lowers), lowers);
    OptionalInt unknown = id("unknown_token_id");
    return tokenizer(
        normalizer::normalize,
        new HuggingFacePreTokenizers.Cutting(HuggingFacePreTokenizers.bert(), false, false),
        new WordPieceModel(TokenLookup.of(tokens), unknown, MARK, "", 100),
        EncodingTemplate.bert(vocabulary.specials().beginning(), first(separator(), vocabulary.specials().end())),
        HuggingFaceDecoders.ofWords(MARK));
  }

  private Tokenizer unigram() {
    requireScores();
    Object map = source.settings().get("precompiled_charsmap");
    SentencePieceNormalizer normalizer = new SentencePieceNormalizer(
        map instanceof byte[] bytes && bytes.length > 0 ? CharsMap.read(bytes) : null,
        null,
        new SentencePieceNormalizer.Spaces(
            flag("add_space_prefix", true), flag("remove_extra_whitespaces", false), true, flag("treat_whitespace_as_suffix", false)));
    UnigramModel model = SentencePieceModels.unigram(
        vocabulary, source.scores(), id("unknown_token_id"), null, UnigramModel.Arithmetic.FLOAT64);
    List<Integer> between = new ArrayList<>();
    if (flag("add_bos_token", false)) {
      vocabulary.specials().end().ifPresent(between::add);
    }
    return tokenizer(
        normalizer::normalize,
        new HuggingFacePreTokenizers.Cutting((text, from, to, out) -> out.piece(text, from, to), false, false),
        model::encode,
        template(false, true, between),
        markedDecoding(flag("add_space_prefix", true)));
  }

  private Tokenizer rwkv() {
    return tokenizer(
        null,
        new HuggingFacePreTokenizers.Cutting((text, from, to, out) -> out.piece(text, from, to), true, false),
        new RwkvModel(tokens, id("unknown_token_id")),
        template(false, false, List.of()),
        HuggingFaceDecoders.ofBytes(DecodeStage::spelledBytes, HuggingFaceDecoders.FirstSpace.KEPT));
  }
}
