package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TiktokenTest {

  @TempDir
  private Path folder;

  private Path file(String name, String... tokens) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int rank = 0; rank < tokens.length; rank++) {
      lines.append(Base64.getEncoder().encodeToString(tokens[rank].getBytes(StandardCharsets.UTF_8))).append(' ').append(rank).append('\n');
    }
    return Files.writeString(folder.resolve(name), lines.toString());
  }

  @Test
  void theLeastRankMergesFirstAndWholePiecesAreTaken() throws IOException {
    Tokenizer tokenizer = Tokenizers.fromFile(file("cl100k_base.tiktoken", "a", "b", "c", "bc", "ab", "abcd", "d", " "), TokenizerOptions.NONE);
    assertArrayEquals(new int[] {0, 3}, tokenizer.encode("abc", EncodeOptions.PLAIN));
    assertArrayEquals(new int[] {5, 7, 4}, tokenizer.encode("abcd ab", EncodeOptions.PLAIN));
    assertArrayEquals(new int[] {100257, 0}, tokenizer.encode("<|endoftext|>a", EncodeOptions.TEMPLATE));
    assertEquals("<|endoftext|>a", tokenizer.decode(new int[] {100257, 0}, DecodeOptions.KEEP_SPECIALS));
  }

  @Test
  void aFileThatNothingTellsAnythingAboutIsRefusedUnlessAPatternIsChosen() throws IOException {
    Path file = file("some.tiktoken", "a", "b");
    TokenizerException e = assertThrows(TokenizerException.class, () -> Tokenizers.fromFile(file, TokenizerOptions.NONE));
    assertTrue(e.getMessage().contains("o200k") && e.getMessage().contains("kimi"), e.getMessage());
    Tokenizer tokenizer = Tokenizers.fromFile(file, TokenizerOptions.withPreTokenizer("o200k_base"));
    assertArrayEquals(new int[] {0, 1}, tokenizer.encode("ab", EncodeOptions.PLAIN));
    assertThrows(TokenizerException.class, () -> Tokenizers.fromFile(file, TokenizerOptions.withPreTokenizer("nothing")));
  }

  @Test
  void specialTokensAreThoseOfTheModelsOwnCode() throws IOException {
    Path file = file("x.model", "a", "b");
    assertEquals(2, id(file, "llama3", "<|begin_of_text|>"));
    assertEquals(2 + 9, id(file, "llama3", "<|eot_id|>"));
    assertEquals(2 + 10, id(file, "llama3.1", "<|python_tag|>"));
    assertEquals(2 + 255, id(file, "llama3", "<|reserved_special_token_250|>"));
    assertEquals(2 + 2, id(file, "qwen", "<|im_end|>"));
    assertEquals(200012, id(file, "o200k_harmony", "<|call|>"));
    Files.writeString(folder.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\":\"TikTokenTokenizer\",\"added_tokens_decoder\":{\"2\":{\"content\":\"[BOS]\"}}}");
    assertEquals(2, Tokenizers.fromFile(file, TokenizerOptions.NONE).tokenId("[BOS]").getAsInt());
  }

  private static int id(Path file, String encoding, String token) {
    return Tokenizers.fromFile(file, TokenizerOptions.withPreTokenizer(encoding)).tokenId(token).getAsInt();
  }

  @Test
  void damagedLinesAreRefused() {
    for (String text : List.of("YQ==\n", "YQ== x\n", "!! 0\n", "YQ== 99999999\n", " 0\n", "YQ== -1\n")) {
      byte[] data = text.getBytes(StandardCharsets.US_ASCII);
      assertThrows(TokenizerException.class, () -> TiktokenLoader.load(data, TiktokenEncoding.CL100K, Json.root(null, "config")), text);
    }
  }
}
