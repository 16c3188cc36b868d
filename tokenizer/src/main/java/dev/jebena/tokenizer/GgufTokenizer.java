package dev.jebena.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/** What the tokenizers of a GGUF vocabulary share: added tokens, tokens put around a text, and decoding by bytes. */
abstract class GgufTokenizer implements Tokenizer {

  final Vocabulary vocabulary;
  private final AddedTokens always;
  private final AddedTokens withSpecials;
  private final boolean addBeginning;
  private final boolean addEnd;

  GgufTokenizer(GgufVocabulary source, boolean addBeginningByDefault) {
    vocabulary = new Vocabulary(source);
    always = new AddedTokens(vocabulary, vocabulary.addedTokens(EncodeOptions.Specials.AS_TEXT));
    withSpecials = new AddedTokens(vocabulary, vocabulary.addedTokens(EncodeOptions.Specials.PARSE));
    addBeginning = flag(source, "add_bos_token", addBeginningByDefault);
    addEnd = flag(source, "add_eos_token", false);
  }

  static boolean flag(GgufVocabulary source, String name, boolean byDefault) {
    Object value = source.settings().get(name);
    if (value != null && !(value instanceof Boolean)) {
      throw new TokenizerException("tokenizer.ggml." + name + " is " + value + ": it must be true or false");
    }
    return value == null ? byDefault : (Boolean) value;
  }

  /** Encodes text without added tokens; {@code first} tells whether it begins the text or follows an added token. */
  abstract void encodeText(String text, int from, int to, IntList ids, boolean first);

  @Override
  public int[] encode(String text, EncodeOptions options) {
    IntList ids = new IntList();
    boolean add = options.addition() == EncodeOptions.Addition.ADD;
    if (add && addBeginning) {
      vocabulary.specials().beginning().ifPresent(ids::add);
    }
    AddedTokens added = options.specials() == EncodeOptions.Specials.PARSE ? withSpecials : always;
    added.split(
        text,
        new AddedTokens.Parts() {
          private boolean first = true;

          @Override
          public void text(int from, int to) {
            encodeText(text, from, to, ids, first);
            first = false;
          }

          @Override
          public void token(int id) {
            ids.add(id);
            first = vocabulary.isSpecial(id);
          }
        });
    if (add && addEnd) {
      vocabulary.specials().end().ifPresent(ids::add);
    }
    return ids.toArray();
  }

  /** The bytes of a token, those of special tokens being their spelling. */
  abstract byte[] rawBytes(int id);

  /** Whether the first space of a decoded text was put there by encoding. */
  abstract boolean dropsFirstSpace();

  @Override
  public final String decode(int[] ids, DecodeOptions options) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(ids.length * 4);
    for (int id : ids) {
      vocabulary.checked(id);
      if (options == DecodeOptions.KEEP_SPECIALS || !vocabulary.isSpecial(id)) {
        bytes.writeBytes(rawBytes(id));
      }
    }
    String text = bytes.toString(StandardCharsets.UTF_8);
    return dropsFirstSpace() && text.startsWith(" ") ? text.substring(1) : text;
  }

  @Override
  public final StreamDecoder streamDecoder(DecodeOptions options) {
    return new StreamDecoder() {
      private byte[] held = new byte[16];
      private int length;
      private boolean atStart = dropsFirstSpace();

      @Override
      public String append(int id) {
        vocabulary.checked(id);
        if (options == DecodeOptions.SKIP_SPECIALS && vocabulary.isSpecial(id)) {
          return "";
        }
        byte[] bytes = rawBytes(id);
        if (length + bytes.length > held.length) {
          held = Arrays.copyOf(held, 2 * (length + bytes.length));
        }
        System.arraycopy(bytes, 0, held, length, bytes.length);
        length += bytes.length;
        return take(Utf8.completeLength(held, length));
      }

      @Override
      public String finish() {
        return take(length);
      }

      private String take(int count) {
        String text = new String(held, 0, count, StandardCharsets.UTF_8);
        System.arraycopy(held, count, held, 0, length - count);
        length -= count;
        if (atStart && !text.isEmpty()) {
          atStart = false;
          return text.startsWith(" ") ? text.substring(1) : text;
        }
        return text;
      }
    };
  }

  @Override
  public final int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public final Optional<String> tokenText(int id) {
    return vocabulary.textIfPresent(id);
  }

  @Override
  public final OptionalInt tokenId(String tokenText) {
    return vocabulary.id(tokenText);
  }

  @Override
  public final byte[] tokenBytes(int id) {
    vocabulary.checked(id);
    return vocabulary.isSpecial(id) ? new byte[0] : rawBytes(id);
  }

  @Override
  public final boolean isSpecial(int id) {
    return vocabulary.isSpecial(vocabulary.checked(id));
  }

  @Override
  public final SpecialTokens specialTokens() {
    return vocabulary.specials();
  }
}
