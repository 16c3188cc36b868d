package dev.jebena.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.text.Normalizer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Long texts that make careless code take quadratic time: such code would not come to an end here. */
class HostileTextTest {

  private static final int CHARACTERS = 1 << 20;
  private static final String LLAMA_3 =
      "(?i:s|t|re|ve|m|ll|d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*"
          + "|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+";

  private static final List<String> TEXTS = List.of(
      "a".repeat(CHARACTERS), " ".repeat(CHARACTERS), "\u0301".repeat(CHARACTERS), "a\u0301\u0316".repeat(CHARACTERS / 3),
      "\u0301\u0316".repeat(CHARACTERS / 2), "\ud83d".repeat(CHARACTERS), "<s>".repeat(CHARACTERS / 3), "<s".repeat(CHARACTERS / 2),
      "\n ".repeat(CHARACTERS / 2), "\ud83d\ude00".repeat(CHARACTERS / 2));

  private static final String ADDED = "[{'id':6,'content':'<s>','special':true,'lstrip':true,'rstrip':true}]";

  private static final Map<String, HuggingFaceFixture> TOKENIZERS = Map.of(
      "byte-level BPE",
      HuggingFaceFixture.bpe("'unk_token':'?'", "['a','a'],['aa','aa']", "?", "a", "aa", "aaaa", "\u0120", "\u00cc")
          .with("pre_tokenizer", "{'type':'Sequence','pretokenizers':[{'type':'Split','pattern':{'Regex':'" + LLAMA_3
              + "'},'behavior':'Isolated'},{'type':'ByteLevel','add_prefix_space':false,'use_regex':false}]}"),
      "BPE over normalized text",
      HuggingFaceFixture.bpe("'unk_token':'?','fuse_unk':true", "['a','a'],['aa','aa']", "?", "a", "aa", "aaaa", "\u2581", "-")
          .with("normalizer", "{'type':'Sequence','normalizers':[{'type':'NFKC'},{'type':'Strip'},{'type':'Prepend','prepend':'\u2581'},"
              + "{'type':'Replace','pattern':{'String':' '},'content':'\u2581'}]}"),
      "Unigram",
      HuggingFaceFixture.unigram("'unk_id':0", "[['?',0],['a',-1],['aa',-1.5],['\u2581',-2],['\u2581a',-2],['-',-3]]")
          .with("pre_tokenizer", "{'type':'Metaspace','replacement':'\u2581'}"),
      "WordPiece",
      HuggingFaceFixture.model("WordPiece", "'unk_token':'?','max_input_chars_per_word':100000000", "?", "a", "##a", "-", "--", "b")
          .with("normalizer", "{'type':'BertNormalizer'}")
          .with("pre_tokenizer", "{'type':'BertPreTokenizer'}"));

  @Test
  void longTextsOfEachKindAreEncoded() {
    TOKENIZERS.forEach((name, fixture) -> {
      Tokenizer tokenizer = fixture.with("added_tokens", ADDED).load();
      for (String text : TEXTS) {
        int[] ids = tokenizer.encode(text, EncodeOptions.PROMPT);
        Encoding encoding = tokenizer.encodeWithOffsets(text, EncodeOptions.PROMPT, Truncation.NONE);
        assertEquals(ids.length, encoding.size(), name);
        for (int i = 0; i < encoding.size(); i++) {
          assertTrue(encoding.starts()[i] <= encoding.ends()[i] && encoding.ends()[i] <= text.length(), name);
        }
      }
    });
  }

  @Test
  void aPatternThatBacktracksWithoutBoundIsStopped() {
    Tokenizer tokenizer = HuggingFaceFixture.model("WordLevel", "'unk_token':'?'", "?")
        .with("pre_tokenizer", "{'type':'Split','pattern':{'Regex':'(a*)*b'},'behavior':'Isolated'}")
        .load();
    assertThrows(TokenizerException.class, () -> tokenizer.encode("a".repeat(5000), EncodeOptions.PROMPT));
  }

  @Test
  void normalFormsOfRandomMarksEqualThoseOfTheLibrary() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int[] marks = {0x301, 0x316, 0x327, 0x334, 0x345, 0x344, 0x34F, 0x5B0, 0x93C, 0x3099, 0x1D165, 'a', 'e', 0xE9, 0xAC00, 0x1100, 0x1161, 0xFB01};
    for (int round = 0; round < 300; round++) {
      StringBuilder text = new StringBuilder();
      int distinct = 1 + random.nextInt(marks.length);
      for (int i = random.nextInt(300); i > 0; i--) {
        text.appendCodePoint(marks[random.nextInt(distinct)]);
      }
      for (Normalizer.Form form : Normalizer.Form.values()) {
        for (boolean tracked : new boolean[] {false, true}) {
          assertEquals(
              Normalizer.normalize(text, form),
              NormalForms.normalize(AlignedText.part(text.toString(), 0, tracked), form).text(),
              () -> form + ", seed " + seed);
        }
      }
    }
  }
}
