package dev.jebena.engine.tck.fake;

import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.SpecialTokens;
import dev.jebena.tokenizer.StreamDecoder;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Tokens are UTF-8 bytes, and two special ones for beginning and end. */
public final class FakeTokenizer implements Tokenizer {

  /** Beginning of sequence. */
  public static final int BEGIN = 256;

  /** End of sequence. */
  public static final int END = 257;

  /** Number of ids. */
  public static final int VOCABULARY = 258;

  @Override
  public int[] encode(String text, EncodeOptions options) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int skip = options.addition() == EncodeOptions.Addition.ADD ? 1 : 0;
    int[] ids = new int[utf8.length + skip];
    if (skip > 0) {
      ids[0] = BEGIN;
    }
    for (int i = 0; i < utf8.length; i++) {
      ids[i + skip] = utf8[i] & 0xFF;
    }
    return ids;
  }

  @Override
  public String decode(int[] ids, DecodeOptions options) {
    StreamDecoder decoder = streamDecoder(options);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(decoder.append(id));
    }
    return text.append(decoder.finish()).toString();
  }

  @Override
  public StreamDecoder streamDecoder(DecodeOptions options) {
    return new Decoder(options);
  }

  private final class Decoder implements StreamDecoder {

    private final DecodeOptions options;
    private final CharsetDecoder utf8 =
        StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer pending = ByteBuffer.allocate(64);

    Decoder(DecodeOptions options) {
      this.options = options;
    }

    @Override
    public String append(int id) {
      if (isSpecial(id)) {
        return options.keepsSpecials() ? tokenText(id).orElseThrow() : "";
      }
      pending.put((byte) id);
      return decode(false);
    }

    @Override
    public String finish() {
      return decode(true);
    }

    private String decode(boolean end) {
      CharBuffer chars = CharBuffer.allocate(128);
      pending.flip();
      utf8.decode(pending, chars, end);
      if (end) {
        utf8.flush(chars);
        utf8.reset();
      }
      pending.compact();
      return chars.flip().toString();
    }
  }

  @Override
  public int vocabularySize() {
    return VOCABULARY;
  }

  @Override
  public Optional<String> tokenText(int id) {
    requireId(id);
    return Optional.of(
        switch (id) {
          case BEGIN -> "<s>";
          case END -> "</s>";
          default -> id >= 0x21 && id < 0x7F ? String.valueOf((char) id) : String.format("<0x%02X>", id);
        });
  }

  @Override
  public OptionalInt tokenId(String tokenText) {
    for (int id = 0; id < VOCABULARY; id++) {
      if (tokenText(id).orElseThrow().equals(tokenText)) {
        return OptionalInt.of(id);
      }
    }
    return OptionalInt.empty();
  }

  @Override
  public byte[] tokenBytes(int id) {
    return isSpecial(id) ? new byte[0] : new byte[] {(byte) id};
  }

  @Override
  public boolean isSpecial(int id) {
    requireId(id);
    return id >= BEGIN;
  }

  @Override
  public SpecialTokens specialTokens() {
    return new SpecialTokens(OptionalInt.of(BEGIN), OptionalInt.of(END), Set.of(END));
  }

  private static void requireId(int id) {
    if (id < 0 || id >= VOCABULARY) {
      throw new TokenizerException("token id " + id + ": use one from 0 to " + (VOCABULARY - 1));
    }
  }
}
