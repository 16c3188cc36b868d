package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SentencePieceFileTest {

  /** Writes the fields of a message. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint((long) field << 3);
      varint(value);
      return this;
    }

    Message real(int field, float value) {
      varint((long) field << 3 | 5);
      int bits = Float.floatToIntBits(value);
      for (int i = 0; i < 4; i++) {
        out.write(bits >>> 8 * i);
      }
      return this;
    }

    Message bytes(int field, byte[] value) {
      varint((long) field << 3 | 2);
      varint(value.length);
      out.writeBytes(value);
      return this;
    }

    private void varint(long value) {
      long left = value;
      while (left > 0x7F) {
        out.write((int) (left & 0x7F | 0x80));
        left >>>= 7;
      }
      out.write((int) left);
    }

    byte[] done() {
      return out.toByteArray();
    }
  }

  private static Message model(int kind, String... pieces) {
    Message message = new Message();
    for (int id = 0; id < pieces.length; id++) {
      String text = pieces[id].substring(1);
      message.bytes(1, new Message().bytes(1, text.getBytes(StandardCharsets.UTF_8)).real(2, -id).number(3, pieces[id].charAt(0) - '0').done());
    }
    return message.bytes(2, new Message().number(3, kind).number(35, 0).done());
  }

  private static String spelled(Tokenizer tokenizer, String text, EncodeOptions options) {
    return String.join("|", Arrays.stream(tokenizer.encode(text, options)).mapToObj(id -> tokenizer.tokenText(id).orElseThrow()).toList());
  }

  @Test
  void controlSymbolsAreFoundOnlyWhenAskedForAndUserDefinedOnesAlways() {
    byte[] file = model(2, "2<unk>", "3<c>", "4x-y", "1\u2581a", "1\u2581", "1a", "1<", "1c", "1>").done();
    Tokenizer tokenizer = SentencePieceLoader.load(file, null);
    assertEquals("\u2581a|<|c|>|x-y|a", spelled(tokenizer, " a<c>x-ya ", EncodeOptions.PLAIN));
    assertEquals("\u2581a|<c>|\u2581a", spelled(tokenizer, "a<c>a", EncodeOptions.TEMPLATE));
    assertEquals("<unk>|\u2581a", spelled(tokenizer, "\u4e2d\u6587 a", EncodeOptions.PLAIN).replace("\u2581|<unk>", "<unk>"));
    assertEquals(" \u2047  a", tokenizer.decode(new int[] {0, 3}, DecodeOptions.SKIP_SPECIALS));
  }

  @Test
  void anUnusedPieceIsTakenApartAgain() {
    Tokenizer tokenizer = SentencePieceLoader.load(model(2, "2<unk>", "5ab", "1abc", "1\u2581", "1a", "1b", "1c").done(), null);
    assertEquals("\u2581|a|b", spelled(tokenizer, "ab", EncodeOptions.PLAIN));
    assertEquals("\u2581|abc", spelled(tokenizer, "abc", EncodeOptions.PLAIN));
  }

  @Test
  void offsetsPointIntoTheOriginal() {
    Tokenizer tokenizer = SentencePieceLoader.load(model(1, "2<unk>", "1\u2581a", "1b", "1\u2581").done(), null);
    Encoding encoding = tokenizer.encodeWithOffsets("  ab   a ", EncodeOptions.PLAIN, Truncation.NONE);
    assertArrayEquals(new int[] {1, 2, 1}, encoding.ids());
    assertArrayEquals(new int[] {2, 3, 4}, encoding.starts());
    assertArrayEquals(new int[] {3, 4, 8}, encoding.ends());
  }

  @Test
  void kindsThatAreNotBuiltAreRefusedByName() {
    for (int kind : List.of(3, 4)) {
      TokenizerException e = assertThrows(TokenizerException.class, () -> SentencePieceLoader.load(model(kind, "2<unk>", "1a").done(), null));
      assertTrue(e.getMessage().contains(kind == 3 ? "WORD" : "CHAR"), e.getMessage());
    }
  }

  @Test
  void everyCutOffFileIsRefusedOrShorter() {
    byte[] file = model(2, "2<unk>", "1\u2581a", "1b").done();
    for (int length = 0; length < file.length; length++) {
      byte[] part = Arrays.copyOf(file, length);
      try {
        SentencePieceLoader.load(part, null);
      } catch (TokenizerException e) {
        assertTrue(e.getMessage().contains("damaged") || e.getMessage().contains("piece"), e.getMessage());
      }
    }
    assertThrows(TokenizerException.class, () -> SentencePieceLoader.load(new byte[] {0x0A, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x7F}, null));
  }
}
