package dev.jebena.tokenizer;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A tokenizer put together from parts; whatever file they are read from, all tokenizers are of this class. */
final class ComposedTokenizer implements Tokenizer {

  /**
   * The parts in the order in which they act.
   *
   * @param added tokens that are found in a text before anything else
   * @param normalizer rewrites what lies between them; null if nothing is rewritten
   * @param cutting cuts that into pieces
   * @param model makes tokens of a piece
   * @param template puts tokens around a text
   * @param decoding makes text of tokens
   * @param decodedForms what the decoder is given for some tokens instead of their spelling
   * @param verbatim tokens that stand for their spelling, whatever the decoder makes of others
   */
  record Parts(
      List<AddedTokenFinder.Added> added,
      @Nullable UnaryOperator<AlignedText> normalizer,
      HuggingFacePreTokenizers.Cutting cutting,
      PieceModel model,
      EncodingTemplate template,
      HuggingFaceDecoders.Decoding decoding,
      Map<Integer, String> decodedForms,
      BitSet verbatim) {}

  /** Takes what a text consists of. */
  private interface Sections {
    void added(int id, int from, int to);

    void piece(AlignedText text, int from, int to);
  }

  private final Vocabulary vocabulary;
  private final Parts parts;
  private final AddedTokenFinder rawTokens;
  private final AddedTokenFinder normalizedTokens;
  private final Map<Integer, String> decodedForms;
  private final boolean alwaysTracked;
  private final PieceCache cache = new PieceCache();

  ComposedTokenizer(Vocabulary vocabulary, Parts parts) {
    this.vocabulary = vocabulary;
    this.parts = parts;
    rawTokens = new AddedTokenFinder(parts.added.stream().filter(token -> !token.normalized()).toList(), content -> content);
    normalizedTokens = new AddedTokenFinder(
        parts.added.stream().filter(AddedTokenFinder.Added::normalized).toList(),
        content -> normalize(AlignedText.part(content, 0, false)).text());
    decodedForms = new HashMap<>(parts.decodedForms);
    alwaysTracked = parts.cutting.looksAtOrigin();
  }

  private AlignedText normalize(AlignedText text) {
    return parts.normalizer == null ? text : parts.normalizer.apply(text);
  }

  @Override
  public int[] encode(String text, EncodeOptions options) {
    IntList ids = new IntList();
    Sections sink = new Sections() {
      @Override
      public void added(int id, int from, int to) {
        ids.add(id);
      }

      @Override
      public void piece(AlignedText piece, int from, int to) {
        int[] found = idsOf(piece.text(), from, to);
        if (found.length == 1) {
          ids.add(found[0]);
        } else {
          ids.addAll(found, found.length);
        }
      }
    };
    for (EncodingTemplate.Part part : parts.template.parts(1, options.addition())) {
      if (part.text() < 0) {
        ids.add(part.id());
      } else {
        sections(text, options.specials(), alwaysTracked, sink);
      }
    }
    return ids.toArray();
  }

  @Override
  public Encoding encodeWithOffsets(String text, EncodeOptions options, Truncation truncation) {
    return Encodings.join(parts.template, options, truncation, List.of(encoded(text, options)));
  }

  @Override
  public Encoding encodePair(String first, String second, EncodeOptions options, Truncation truncation) {
    return Encodings.join(parts.template, options, truncation, List.of(encoded(first, options), encoded(second, options)));
  }

  private Encodings.Tokens encoded(String text, EncodeOptions options) {
    Encodings.Tokens tokens = new Encodings.Tokens();
    sections(text, options.specials(), true, new Sections() {
      @Override
      public void added(int id, int from, int to) {
        tokens.token(id, from, to);
      }

      @Override
      public void piece(AlignedText piece, int from, int to) {
        encodePiece(piece, from, to, tokens);
      }
    });
    return tokens.trimmed(parts.template.trim(), vocabulary, text);
  }

  /** Passes on all added tokens and pieces of a text; their places in it are known if they are {@code tracked}. */
  private void sections(String unchecked, EncodeOptions.Specials specials, boolean tracked, Sections out) {
    String text = Utf8.withoutUnpairedSurrogates(unchecked);
    rawTokens.split(text, specials, new AddedTokenFinder.Parts() {
      @Override
      public void token(int id, int from, int to) {
        out.added(id, from, to);
      }

      @Override
      public void text(int from, int to) {
        AlignedText section = normalize(AlignedText.part(text.substring(from, to), from, tracked));
        normalizedTokens.split(section.text(), specials, new AddedTokenFinder.Parts() {
          @Override
          public void token(int id, int start, int end) {
            out.added(id, section.startOf(start), section.endOf(end));
          }

          @Override
          public void text(int start, int end) {
            parts.cutting.cutter().cut(section, start, end, out::piece);
          }
        });
      }
    });
  }

  private void encodePiece(AlignedText piece, int from, int to, TokenSink out) {
    AlignedText written = parts.cutting.spellsBytes() ? HuggingFacePreTokenizers.spell(piece, from, to) : piece;
    int start = written == piece ? from : 0;
    int end = written == piece ? to : written.text().length();
    parts.model.encode(written.text(), start, end, (id, first, last) -> out.token(id, written.startOf(first), written.endOf(last)));
  }

  /** The ids of a piece; the array may be shared. */
  private int[] idsOf(String text, int from, int to) {
    if (to - from > PieceCache.MAX_LENGTH) {
      return computed(text, from, to);
    }
    int hash = PieceCache.hash(text, from, to);
    int[] known = cache.get(text, from, to, hash);
    if (known == null) {
      String piece = text.substring(from, to);
      known = computed(piece, 0, piece.length());
      cache.put(piece, known, hash);
    }
    return known;
  }

  private int[] computed(String text, int from, int to) {
    IntList ids = new IntList();
    TokenSink sink = (id, first, last) -> ids.add(id);
    if (parts.cutting.spellsBytes()) {
      String spelled = ByteAlphabet.spelling(Utf8.encode(text.substring(from, to)));
      parts.model.encode(spelled, 0, spelled.length(), sink);
    } else {
      parts.model.encode(text, from, to, sink);
    }
    return ids.toArray();
  }

  @Override
  public String decode(int[] ids, DecodeOptions options) {
    StringBuilder text = new StringBuilder();
    DecodeStage chain = parts.decoding.open(text, HuggingFaceDecoders.Position.START, options);
    for (int id : ids) {
      pass(id, options, chain);
    }
    chain.finish();
    return text.toString();
  }

  private String decodedForm(int id) {
    String form = decodedForms.isEmpty() ? null : decodedForms.get(id);
    return form == null ? vocabulary.text(id) : form;
  }

  private void pass(int id, DecodeOptions options, DecodeStage chain) {
    vocabulary.checked(id);
    if (options.keepsSpecials() || !vocabulary.isSpecial(id)) {
      String token = decodedForm(id);
      if (parts.verbatim.get(id)) {
        chain.verbatim(token);
      } else if (!token.isEmpty()) {
        chain.token(token);
      }
    }
  }

  @Override
  public StreamDecoder streamDecoder(DecodeOptions options) {
    StringBuilder text = new StringBuilder();
    DecodeStage chain = parts.decoding.open(text, HuggingFaceDecoders.Position.START, options);
    return new StreamDecoder() {
      @Override
      public String append(int id) {
        pass(id, options, chain);
        return taken();
      }

      @Override
      public String finish() {
        chain.finish();
        return taken();
      }

      private String taken() {
        String certain = text.toString();
        text.setLength(0);
        return certain;
      }
    };
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public Optional<String> tokenText(int id) {
    return vocabulary.textIfPresent(id);
  }

  @Override
  public OptionalInt tokenId(String tokenText) {
    return vocabulary.id(tokenText);
  }

  @Override
  public byte[] tokenBytes(int id) {
    vocabulary.checked(id);
    String token = decodedForm(id);
    if (parts.verbatim.get(id) && !vocabulary.isSpecial(id)) {
      return Utf8.encode(token);
    }
    return vocabulary.isSpecial(id) || token.isEmpty() ? new byte[0] : parts.decoding.bytesOfToken().apply(token);
  }

  @Override
  public boolean isSpecial(int id) {
    return vocabulary.isSpecial(vocabulary.checked(id));
  }

  @Override
  public SpecialTokens specialTokens() {
    return vocabulary.specials();
  }
}
