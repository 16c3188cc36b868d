package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GgufTokenizerTest {

  private static GgufVocabulary vocabulary(String model, String pre, Map<String, Object> settings, String... tokens) {
    int[] types = new int[tokens.length];
    float[] scores = new float[tokens.length];
    for (int id = 0; id < tokens.length; id++) {
      String text = tokens[id];
      types[id] = text.equals("<unk>") ? 2 : text.startsWith("<0x") ? 6 : text.startsWith("<") || text.startsWith("[") ? 3 : 1;
      scores[id] = -id;
    }
    return new GgufVocabulary(model, Optional.ofNullable(pre), List.of(tokens), scores, types, List.of(), settings);
  }

  private static String spelled(Tokenizer tokenizer, String text) {
    return String.join("|", Arrays.stream(tokenizer.encode(text, EncodeOptions.PROMPT)).mapToObj(id -> tokenizer.tokenText(id).orElseThrow()).toList());
  }

  private static GgufVocabulary bytes(String pre) {
    String[] tokens = new String[257];
    for (int b = 0; b < 256; b++) {
      tokens[b] = String.valueOf(ByteAlphabet.character(b));
    }
    tokens[256] = "<|end|>";
    return vocabulary("gpt2", pre, Map.of("eos_token_id", 256L), tokens);
  }

  @Test
  void anUnknownPreTokenizerIsRefusedByNameUnlessOneIsChosen() {
    TokenizerException refused = assertThrows(TokenizerException.class, () -> Tokenizers.fromGguf(bytes("nobody-knows")));
    assertTrue(refused.getMessage().contains("nobody-knows") && refused.getMessage().contains("qwen2"), refused.getMessage());
    Tokenizer chosen = Tokenizers.fromGguf(bytes("nobody-knows"), TokenizerOptions.withPreTokenizer("qwen2"));
    assertEquals("a|b", spelled(chosen, "ab"));
  }

  @Test
  void aVocabularyThatNoPreTokenizerCutsRefusesAChosenOne() {
    GgufVocabulary words = vocabulary("bert", null, Map.of(), "a", "b");
    TokenizerException refused = assertThrows(
        TokenizerException.class, () -> Tokenizers.fromGguf(words, TokenizerOptions.withPreTokenizer("qwen2")));
    assertTrue(refused.getMessage().contains("'qwen2'") && refused.getMessage().contains("'bert'"), refused.getMessage());
  }

  @Test
  void everyKnownPreTokenizerLosesNothing() {
    String text = "Hello world's 12345 \u4e2d\u6587, \u00e9t\u00e9\n\n  x ";
    for (String name : GgufPreTokenizers.names()) {
      if (!GgufPreTokenizers.named(name).has(GgufPreTokenizers.Trait.SPACE_MARKS)) {
        Tokenizer tokenizer = Tokenizers.fromGguf(bytes(name));
        assertEquals(text, tokenizer.decode(tokenizer.encode(text, EncodeOptions.PLAIN), DecodeOptions.KEEP_SPECIALS), name);
      }
    }
  }

  @Test
  void bertPutsPairsTogetherWithTypeIdsAndOffsets() {
    Map<String, Object> settings = Map.of("cls_token_id", 1L, "seperator_token_id", 2L, "unknown_token_id", 0L);
    Tokenizer tokenizer = Tokenizers.fromGguf(vocabulary("bert", "bert-bge", settings, "[UNK]", "[CLS]", "[SEP]", "\u2581un", "able", "\u2581."));
    assertEquals("[CLS]|\u2581un|able|\u2581.|[UNK]|[SEP]", spelled(tokenizer, "Unable. x"));
    Encoding pair = tokenizer.encodePair("unable", "un.", EncodeOptions.PROMPT, Truncation.NONE);
    assertArrayEquals(new int[] {1, 3, 4, 2, 3, 5, 2}, pair.ids());
    assertArrayEquals(new int[] {0, 0, 0, 0, 1, 1, 1}, pair.typeIds());
    assertArrayEquals(new int[] {0, 0, 2, 0, 0, 2, 0}, pair.starts());
    assertEquals("unable.", tokenizer.decode(new int[] {3, 4, 5}, DecodeOptions.SKIP_SPECIALS));
    assertArrayEquals(
        new int[] {1, 3, 2}, tokenizer.encodeWithOffsets("unable", EncodeOptions.PROMPT, Truncation.toMaxTokens(3)).ids());
  }

  @Test
  void unigramTakesTheBestScoresAndEndsTheText() {
    Tokenizer tokenizer = Tokenizers.fromGguf(
        vocabulary("t5", null, Map.of("eos_token_id", 1L, "unknown_token_id", 2L), "<pad>", "</s>", "<unk>", "\u2581a", "\u2581", "b", "ab"));
    assertEquals("\u2581a|b|</s>", spelled(tokenizer, "ab"));
    assertEquals("\u2581|<unk>|b|</s>", spelled(tokenizer, "xyb"));
    assertEquals("ab", tokenizer.decode(new int[] {3, 5}, DecodeOptions.SKIP_SPECIALS));
  }

  @Test
  void rwkvTakesTheLongestTokenOfBytes() {
    Tokenizer tokenizer = Tokenizers.fromGguf(
        vocabulary("rwkv", null, Map.of(), "<s>", "a", "ab", "b\\n", "\\n", "\\xc3", "\\xa9", "\\\\"));
    int[] ids = tokenizer.encode("aab\n\u00e9\\", EncodeOptions.PROMPT);
    assertArrayEquals(new int[] {1, 2, 4, 5, 6, 7}, ids);
    assertEquals("aab\n\u00e9\\", tokenizer.decode(ids, DecodeOptions.SKIP_SPECIALS));
  }

  @Test
  void scoredMergesGiveOffsetsAndTruncation() {
    Map<String, Object> settings = new HashMap<>(Map.of("bos_token_id", 1L, "unknown_token_id", 0L));
    Tokenizer tokenizer = Tokenizers.fromGguf(vocabulary("llama", null, settings, "<unk>", "<s>", "\u2581a", "\u2581", "a", "b", "bb", "c"));
    assertEquals("<s>|\u2581a|bb|\u2581|c", spelled(tokenizer, "abb c"));
    Encoding encoding = tokenizer.encodeWithOffsets("abb c", EncodeOptions.PLAIN, Truncation.NONE);
    assertArrayEquals(new int[] {0, 1, 3, 4}, encoding.starts());
    assertArrayEquals(new int[] {1, 3, 4, 5}, encoding.ends());
    assertArrayEquals(
        new int[] {1, 3, 7},
        tokenizer.encodeWithOffsets("abb c", EncodeOptions.PROMPT, new Truncation(3, Truncation.Side.LEFT, Truncation.Pair.LONGEST_FIRST)).ids());
  }

  @Test
  void anUnknownModelIsRefusedByName() {
    assertTrue(assertThrows(TokenizerException.class, () -> Tokenizers.fromGguf(vocabulary("plamo2", null, Map.of(), "a"))).getMessage().contains("plamo2"));
  }
}
