package dev.jebena.tokenizer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A tokenizer put together from the parts that {@code tokenizer.json} names. */
final class HuggingFaceTokenizer implements Tokenizer {

  /** The parts in the order in which they act. */
  record Parts(
      @Nullable UnaryOperator<AlignedText> normalizer,
      HuggingFacePreTokenizers.Cutting cutting,
      HuggingFaceModels.Model model,
      HuggingFaceTemplate template,
      HuggingFaceDecoders.Decoding decoding) {}

  private static final int MAX_CACHED_PIECES = 1 << 15;
  private static final int MAX_CACHED_LENGTH = 24;

  private final Vocabulary vocabulary;
  private final Parts parts;
  private final HuggingFaceAddedTokens rawTokens;
  private final HuggingFaceAddedTokens normalizedTokens;
  private final Map<Integer, String> decodedForms = new HashMap<>();
  private final boolean alwaysTracked;
  private final Map<String, int[]> idsOfPiece = new ConcurrentHashMap<>();

  HuggingFaceTokenizer(Vocabulary vocabulary, List<HuggingFaceAddedTokens.Added> added, Parts parts) {
    this.vocabulary = vocabulary;
    this.parts = parts;
    rawTokens = new HuggingFaceAddedTokens(added.stream().filter(token -> !token.normalized()).toList(), content -> content);
    normalizedTokens = new HuggingFaceAddedTokens(
        added.stream().filter(HuggingFaceAddedTokens.Added::normalized).toList(),
        content -> normalize(AlignedText.part(content, 0, false)).text());
    // the reference decodes a token that is sought in the normalized text as it stands there
    for (HuggingFaceAddedTokens.Added token : added) {
      if (token.normalized()) {
        decodedForms.put(token.id(), normalize(AlignedText.part(token.content(), 0, false)).text());
      }
    }
    alwaysTracked = parts.cutting.looksAtOrigin();
  }

  private AlignedText normalize(AlignedText text) {
    return parts.normalizer == null ? text : parts.normalizer.apply(text);
  }

  @Override
  public int[] encode(String text, EncodeOptions options) {
    IntList ids = new IntList();
    for (HuggingFaceTemplate.Part part : parts.template.parts(1, options.addition())) {
      if (part.text() < 0) {
        ids.add(part.id());
      } else {
        tokens(text, options.specials(), false, (id, from, to) -> ids.add(id));
      }
    }
    return ids.toArray();
  }

  @Override
  public Encoding encodeWithOffsets(String text, EncodeOptions options, Truncation truncation) {
    return HuggingFaceEncodings.join(parts.template, options, truncation, List.of(encoded(text, options)));
  }

  @Override
  public Encoding encodePair(String first, String second, EncodeOptions options, Truncation truncation) {
    return HuggingFaceEncodings.join(parts.template, options, truncation, List.of(encoded(first, options), encoded(second, options)));
  }

  private HuggingFaceEncodings.Tokens encoded(String text, EncodeOptions options) {
    HuggingFaceEncodings.Tokens tokens = new HuggingFaceEncodings.Tokens();
    tokens(text, options.specials(), true, tokens);
    return tokens.trimmed(parts.template.trim(), vocabulary, text);
  }

  /** Passes on all tokens of a text; offsets are right if they are {@code tracked}. */
  private void tokens(String unchecked, EncodeOptions.Specials specials, boolean offsets, TokenSink out) {
    String text = Utf8.withoutUnpairedSurrogates(unchecked);
    boolean tracked = offsets || alwaysTracked;
    rawTokens.split(text, specials, new HuggingFaceAddedTokens.Parts() {
      @Override
      public void token(int id, int from, int to) {
        out.token(id, from, to);
      }

      @Override
      public void text(int from, int to) {
        AlignedText section = normalize(AlignedText.part(text.substring(from, to), from, tracked));
        normalizedTokens.split(section.text(), specials, new HuggingFaceAddedTokens.Parts() {
          @Override
          public void token(int id, int start, int end) {
            out.token(id, section.startOf(start), section.endOf(end));
          }

          @Override
          public void text(int start, int end) {
            parts.cutting.cutter().cut(section, start, end, (piece, first, last) -> {
              if (offsets) {
                encodePiece(piece, first, last, out);
              } else {
                for (int id : idsOf(piece, first, last)) {
                  out.token(id, 0, 0);
                }
              }
            });
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

  private int[] idsOf(AlignedText piece, int from, int to) {
    if (to - from > MAX_CACHED_LENGTH) {
      return computed(piece.text(), from, to);
    }
    String key = piece.text().substring(from, to);
    int[] cached = idsOfPiece.get(key);
    if (cached == null) {
      cached = computed(key, 0, key.length());
      if (idsOfPiece.size() < MAX_CACHED_PIECES) {
        idsOfPiece.put(key, cached);
      }
    }
    return cached;
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
    DecodeStage chain = parts.decoding.open(text, HuggingFaceDecoders.Position.START);
    for (int id : ids) {
      pass(id, options, chain);
    }
    chain.finish();
    return text.toString();
  }

  private void pass(int id, DecodeOptions options, DecodeStage chain) {
    String token = decodedForms.getOrDefault(id, vocabulary.text(id));
    boolean skipped = options == DecodeOptions.SKIP_SPECIALS && vocabulary.isSpecial(id);
    if (!skipped && !token.isEmpty()) {
      chain.token(token);
    }
  }

  @Override
  public StreamDecoder streamDecoder(DecodeOptions options) {
    StringBuilder text = new StringBuilder();
    DecodeStage chain = parts.decoding.open(text, HuggingFaceDecoders.Position.START);
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
    String token = decodedForms.getOrDefault(id, vocabulary.text(id));
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
