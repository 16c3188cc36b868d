package dev.jebena.tokenizer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Puts the tokenizer together that a SentencePiece {@code .model} file describes. */
final class SentencePieceLoader {

  private SentencePieceLoader() {}

  /**
   * Builds the tokenizer.
   *
   * @param data the file
   * @param folder where a {@code tokenizer_config.json} may say which tokens are put around a text; null if there is none
   */
  static Tokenizer load(byte[] data, @Nullable Path folder) {
    SentencePieceFile file = SentencePieceFile.read(data);
    TokenTable table = new TokenTable(file.pieces);
    OptionalInt beginning = within(file.beginningId, table);
    OptionalInt end = within(file.endId, table);
    Vocabulary vocabulary =
        new Vocabulary(table, file.types, SpecialTokens.find(table, file.types, beginning, end, List.of()));
    SentencePieceNormalizer.Spaces spaces = new SentencePieceNormalizer.Spaces(
        file.addsDummyPrefix, file.removesExtraSpaces, file.escapesSpaces, file.spacesAreSuffixes);
    SentencePieceNormalizer normalizer = new SentencePieceNormalizer(
        file.rules.length == 0 ? null : CharsMap.read(file.rules), SentencePieceModels.trie(vocabulary, Vocabulary.USER_DEFINED), spaces);
    BitSet hidden = vocabulary.ofTypes(Vocabulary.CONTROL, Vocabulary.UNKNOWN, Vocabulary.BYTE);
    TokenLookup lookup = new TokenLookup(table, hidden);
    HuggingFacePreTokenizers.Cutter whole = (text, from, to, out) -> out.piece(text, from, to);
    boolean wordByWord = file.kind == SentencePieceFile.Kind.BPE;
    return new ComposedTokenizer(
        unknownIsText(vocabulary, file),
        new ComposedTokenizer.Parts(
            controls(vocabulary),
            normalizer::normalize,
            new HuggingFacePreTokenizers.Cutting(wordByWord ? new SpaceMarkBorders(lookup) : whole, false, false),
            model(file, vocabulary, lookup),
            template(folder, beginning, end),
            SentencePieceDecoding.of(file, vocabulary),
            Map.of(),
            vocabulary.ofTypes(Vocabulary.CONTROL)));
  }

  /** The unknown piece has a text of its own, which is never dropped. */
  private static Vocabulary unknownIsText(Vocabulary vocabulary, SentencePieceFile file) {
    byte[] types = file.types.clone();
    vocabulary.ofTypes(Vocabulary.UNKNOWN).stream().forEach(id -> types[id] = Vocabulary.NORMAL);
    return new Vocabulary(vocabulary.table(), types, vocabulary.specials());
  }

  private static OptionalInt within(int id, TokenTable table) {
    return id < 0 || id >= table.size() ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private static PieceModel model(SentencePieceFile file, Vocabulary vocabulary, TokenLookup lookup) {
    int[] unknowns = vocabulary.ofTypes(Vocabulary.UNKNOWN).stream().toArray();
    OptionalInt unknown = unknowns.length == 0 ? OptionalInt.empty() : OptionalInt.of(unknowns[0]);
    int[] idOfByte = new int[256];
    Arrays.fill(idOfByte, TokenTable.NONE);
    if (file.bytesForUnknown) {
      vocabulary.ofTypes(Vocabulary.BYTE).stream().forEach(id -> {
        int value = ByteTokens.valueOf(vocabulary.text(id));
        if (value >= 0) {
          idOfByte[value] = id;
        }
      });
    }
    return switch (file.kind) {
      case UNIGRAM -> SentencePieceModels.unigram(
          vocabulary, file.scores, unknown, file.bytesForUnknown ? idOfByte : null, UnigramModel.Arithmetic.FLOAT32)::encode;
      case BPE -> fused(
          new ScoredBpeModel(
              new ScoredBpeModel.Parts(
                  lookup,
                  vocabulary.ofTypes(Vocabulary.UNUSED),
                  SentencePieceModels.trie(vocabulary, Vocabulary.USER_DEFINED),
                  unknown,
                  idOfByte),
              file.scores),
          unknown);
      case WORD, CHAR -> throw new TokenizerException("SentencePiece models of type " + file.kind + " are not supported; BPE and UNIGRAM are");
    };
  }

  /** Unknown neighbours are one token. */
  private static PieceModel fused(PieceModel model, OptionalInt unknown) {
    if (unknown.isEmpty()) {
      return model;
    }
    int id = unknown.getAsInt();
    return (text, from, to, tokens) -> {
      int[] run = {-1, -1};
      model.encode(text, from, to, (token, start, end) -> {
        if (token == id) {
          run[0] = run[0] < 0 ? start : run[0];
          run[1] = end;
          return;
        }
        if (run[0] >= 0) {
          tokens.token(id, run[0], run[1]);
          run[0] = -1;
        }
        tokens.token(token, start, end);
      });
      if (run[0] >= 0) {
        tokens.token(id, run[0], run[1]);
      }
    };
  }

  /** Control symbols are no text to SentencePiece; they are found where a caller asks for them. */
  private static List<AddedTokenFinder.Added> controls(Vocabulary vocabulary) {
    List<AddedTokenFinder.Added> added = new ArrayList<>();
    vocabulary.ofTypes(Vocabulary.CONTROL).stream().forEach(
        id -> added.add(new AddedTokenFinder.Added(vocabulary.text(id), id, true, false, false, false, false)));
    return added;
  }

  private static EncodingTemplate template(@Nullable Path folder, OptionalInt beginning, OptionalInt end) {
    Path config = folder == null ? null : folder.resolve("tokenizer_config.json");
    if (config == null || !Files.isRegularFile(config)) {
      return EncodingTemplate.around(List.of(), List.of(), List.of());
    }
    Json json = Json.read(config);
    List<Integer> before = new ArrayList<>();
    List<Integer> after = new ArrayList<>();
    if (json.at("add_bos_token").flag(false)) {
      beginning.ifPresent(before::add);
    }
    if (json.at("add_eos_token").flag(false)) {
      end.ifPresent(after::add);
    }
    return EncodingTemplate.around(before, after, List.of());
  }
}
