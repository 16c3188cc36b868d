package dev.jebena.server;

import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.SpecialTokens;
import dev.jebena.tokenizer.StreamDecoder;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** One token for each byte, and an end of sequence. */
public final class ByteTokenizer implements Tokenizer {

  /** The id of the end of a sequence. */
  public static final int END = 256;

  /** Ids. */
  public static final int SIZE = 260;

  @Override
  public int[] encode(String text, EncodeOptions options) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xFF;
    }
    return ids;
  }

  @Override
  public String decode(int[] ids, DecodeOptions options) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      if (id < 0 || id >= SIZE) {
        throw new TokenizerException("id " + id + " is not below " + SIZE);
      }
      if (id < END) {
        bytes.write(id);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public StreamDecoder streamDecoder(DecodeOptions options) {
    return new StreamDecoder() {
      private final ByteArrayOutputStream held = new ByteArrayOutputStream();

      @Override
      public String append(int id) {
        if (id < END) {
          held.write(id);
        }
        // whatever is not plain ASCII waits for the end, which is allowed, if not helpful
        String text = held.toString(StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') >= 0) {
          return "";
        }
        held.reset();
        return text;
      }

      @Override
      public String finish() {
        String text = held.toString(StandardCharsets.UTF_8);
        held.reset();
        return text;
      }
    };
  }

  @Override
  public int vocabularySize() {
    return SIZE;
  }

  @Override
  public Optional<String> tokenText(int id) {
    return Optional.of(id < END ? "<0x%02X>".formatted(id) : "<special" + id + ">");
  }

  @Override
  public OptionalInt tokenId(String tokenText) {
    for (int id = 0; id < SIZE; id++) {
      if (tokenText(id).get().equals(tokenText)) {
        return OptionalInt.of(id);
      }
    }
    return OptionalInt.empty();
  }

  @Override
  public byte[] tokenBytes(int id) {
    return id < END ? new byte[] {(byte) id} : new byte[0];
  }

  @Override
  public boolean isSpecial(int id) {
    return id >= END;
  }

  @Override
  public SpecialTokens specialTokens() {
    return new SpecialTokens(OptionalInt.empty(), OptionalInt.of(END), Set.of(END));
  }
}
