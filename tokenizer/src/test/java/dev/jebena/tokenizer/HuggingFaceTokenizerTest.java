package dev.jebena.tokenizer;

import static dev.jebena.tokenizer.HuggingFaceFixture.spelled;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HuggingFaceTokenizerTest {

  private static final String BERT =
      "{'type':'BertNormalizer','clean_text':true,'handle_chinese_chars':true,'strip_accents':null,'lowercase':true}";

  private static HuggingFaceFixture words(String... tokens) {
    return HuggingFaceFixture.model("WordLevel", "'unk_token':'?'", tokens);
  }

  private static HuggingFaceFixture bert() {
    return HuggingFaceFixture.model("WordPiece", "'unk_token':'U'", "U", "C", "S", "cafe", "un", "##known", "\u4e2d", "!")
        .with("normalizer", BERT)
        .with("pre_tokenizer", "{'type':'BertPreTokenizer'}")
        .with("post_processor", "{'type':'BertProcessing','cls':['C',1],'sep':['S',2]}")
        .with("decoder", "{'type':'WordPiece','prefix':'##','cleanup':true}");
  }

  @Test
  void unigramTakesTheBestWayAndFusesUnknownNeighbours() {
    Tokenizer tokenizer = HuggingFaceFixture.unigram("'unk_id':0", "[['?',0],['a',-1],['b',-1],['ab',-1.5],['c',-3],['bc',-1]]").load();
    assertEquals("a|bc|", spelled(tokenizer, "abc"));
    assertEquals("ab|?|a|", spelled(tokenizer, "abxyza"));
  }

  @Test
  void unigramSpellsUnknownTextInBytesIfAllAreThere() {
    Tokenizer tokenizer =
        HuggingFaceFixture.unigram("'unk_id':0,'byte_fallback':true", "[['?',0],['a',-1],['<0xC3>',-5],['<0xA9>',-5]]")
            .with("decoder", "{'type':'ByteFallback'}")
            .load();
    assertEquals("a|<0xC3>|<0xA9>|", spelled(tokenizer, "a\u00e9"));
    assertEquals("a|?|", spelled(tokenizer, "a\u00e8"));
    assertEquals("a\u00e9", tokenizer.decode(new int[] {1, 2, 3}, DecodeOptions.KEEP_SPECIALS));
    assertEquals("a\uFFFD\uFFFDa", tokenizer.decode(new int[] {1, 2, 2, 1}, DecodeOptions.KEEP_SPECIALS));
  }

  @Test
  void metaspacePrependsToTheFirstPieceOnlyIfAsked() {
    HuggingFaceFixture fixture = HuggingFaceFixture.unigram("'unk_id':0", "[['?',-9],['\u2581',-3],['a',-1],['\u2581a',-1.5]]")
        .with("added_tokens", "[{'id':4,'content':'<x>'}]");
    String metaspace = "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'%s','split':true}";
    assertEquals("\u2581a|<x>|\u2581a|", spelled(fixture.with("pre_tokenizer", metaspace.formatted("always")).load(), "a<x>a"));
    assertEquals("\u2581a|<x>|a|", spelled(fixture.with("pre_tokenizer", metaspace.formatted("first")).load(), "a<x>a"));
    assertEquals("a|<x>|a|", spelled(fixture.with("pre_tokenizer", metaspace.formatted("never")).load(), "a<x>a"));
  }

  @ParameterizedTest
  @CsvSource({
    "Removed, false, a|b|", "Isolated, false, a|-|-|b|", "MergedWithPrevious, false, a-|-|b|", "MergedWithNext, false, a|-|-b|",
    "Contiguous, false, a|--|b|", "Removed, true, -|-|", "MergedWithNext, true, a-|-|b|", "MergedWithPrevious, true, a|-|-b|"
  })
  void splitHasEveryBehavior(String behavior, boolean invert, String expected) {
    Tokenizer tokenizer = words("?", "a", "b", "-", "--", "a-", "-b")
        .with("pre_tokenizer", "{'type':'Split','pattern':{'String':'-'},'behavior':'" + behavior + "','invert':" + invert + "}")
        .load();
    assertEquals(expected, spelled(tokenizer, "a--b"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {
    "{'type':'Whitespace'}; a1|,,|b|", "{'type':'WhitespaceSplit'}; a1,,|b|", "{'type':'Punctuation'}; a1|,|,| b|",
    "{'type':'Digits','individual_digits':true}; a|1|,, b|", "{'type':'CharDelimiterSplit','delimiter':','}; a1| b|",
    "{'type':'FixedLength','length':3}; a1,|, b|", "{'type':'BertPreTokenizer'}; a1|,|,|b|"
  })
  void preTokenizersCutWhereTheReferenceDoes(String preTokenizer, String expected) {
    Tokenizer tokenizer =
        words("?", "a1", ",,", "b", "a1,,", ",", " b", "a", "1", ",, b", "a1,", ", b").with("pre_tokenizer", preTokenizer).load();
    assertEquals(expected, spelled(tokenizer, "a1,, b"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', ignoreLeadingAndTrailingWhitespace = true, value = {
    "{'type':'Lowercase'}; ABC; abc", "{'type':'Strip','strip_left':true,'strip_right':false}; ' ab '; 'ab '",
    "{'type':'Replace','pattern':{'Regex':'b+'},'content':'-'}; abbba; a-a", "{'type':'Prepend','prepend':'_'}; a; _a",
    "{'type':'NFD'}; \u00e9; e\u0301", "{'type':'NFKC'}; \ufb01; fi", "{'type':'StripAccents'}; e\u0301; e",
    "{'type':'Nmt'}; 'a\u200bb\u0007'; a b", "{'type':'ByteLevel'}; '\u00e9 '; \u00c3\u00a9\u0120"
  })
  void normalizersRewriteTheText(String normalizer, String text, String expected) {
    Tokenizer tokenizer = words("?", expected).with("normalizer", normalizer).load();
    assertEquals(expected + "|", spelled(tokenizer, text));
  }

  @Test
  void bpeKnowsPrefixesAndSuffixesOfWords() {
    Tokenizer suffixed = HuggingFaceFixture.bpe("'end_of_word_suffix':'</w>'", "['a','b</w>']", "a", "b", "a</w>", "b</w>", "ab</w>")
        .with("pre_tokenizer", "{'type':'WhitespaceSplit'}").with("decoder", "{'type':'BPEDecoder','suffix':'</w>'}").load();
    assertEquals("ab</w>|b|a</w>|", spelled(suffixed, "ab ba"));
    assertEquals("ab ba", suffixed.decode(new int[] {4, 1, 2}, DecodeOptions.KEEP_SPECIALS));
    Tokenizer prefixed = HuggingFaceFixture.bpe("'continuing_subword_prefix':'##'", "'a ##b'", "a", "##b", "ab").load();
    assertEquals("ab|##b|", spelled(prefixed, "abb"));
  }

  @Test
  void addedTokensTakeSpacesAndHeedWords() {
    Tokenizer tokenizer = words("?", "a", "b", " ", " a", "a ")
        .with("added_tokens", "[{'id':6,'content':'<l>','lstrip':true},{'id':7,'content':'<r>','rstrip':true},"
            + "{'id':8,'content':'x','single_word':true},{'id':9,'content':'<s>','special':true}]")
        .load();
    assertEquals("a|<l>|b|<r>|a|", spelled(tokenizer, "a  <l>b<r> \ta"));
    assertEquals("a |x|?|", spelled(tokenizer, "a x xa"));
    assertArrayEquals(new int[] {9}, tokenizer.encode("<s>", EncodeOptions.TEMPLATE));
    assertArrayEquals(new int[] {0}, tokenizer.encode("<s>", EncodeOptions.PLAIN));
    Encoding encoding = tokenizer.encodeWithOffsets("a  <l>b", EncodeOptions.PROMPT, Truncation.NONE);
    assertArrayEquals(new int[] {0, 1, 6}, encoding.starts());
    assertArrayEquals(new int[] {1, 6, 7}, encoding.ends());
  }

  @Test
  void wordPieceFormsNoTokenThatWasOnlyAdded() {
    Tokenizer tokenizer = HuggingFaceFixture.model("WordPiece", "'unk_token':'U'", "U", "a", "##b")
        .with("added_tokens", "[{'id':3,'content':'x','single_word':true}]")
        .load();
    assertEquals("x|", spelled(tokenizer, "x"));
    assertEquals("U|", spelled(tokenizer, "xb"));
  }

  @Test
  void fractionsAreOfWordsForOnigurumaButNotWithinBrackets() {
    String split = "{'type':'Split','pattern':{'Regex':'%s'},'behavior':'Isolated'}";
    HuggingFaceFixture fixture = words("?", "a", "a\u00bd", "\u00bd,", ",");
    assertEquals("a\u00bd|,|", spelled(fixture.with("pre_tokenizer", split.formatted("\\\\w+")).load(), "a\u00bd,"));
    assertEquals("a|\u00bd,|", spelled(fixture.with("pre_tokenizer", split.formatted("[\\\\w]+")).load(), "a\u00bd,"));
  }

  @Test
  void anAddedTokenIsDecodedAsItIsWrittenWhateverTheNormalizerMakesOfIt() {
    Tokenizer tokenizer = words("?", "a").with("normalizer", "{'type':'Lowercase'}").with("added_tokens", "[{'id':2,'content':'AB','normalized':true}]").load();
    assertEquals("AB|", spelled(tokenizer, "ab"));
    assertEquals("AB", tokenizer.decode(new int[] {2}, DecodeOptions.KEEP_SPECIALS));
  }

  @Test
  void offsetsPointIntoTheOriginalText() {
    Encoding encoding = bert().load().encodeWithOffsets("\ud83d\ude00 CAFE\u0301 unknown\u4e2d", EncodeOptions.PROMPT, Truncation.NONE);
    assertArrayEquals(new int[] {1, 0, 3, 4, 5, 6, 2}, encoding.ids());
    assertArrayEquals(new int[] {0, 0, 3, 9, 11, 16, 0}, encoding.starts());
    assertArrayEquals(new int[] {0, 2, 7, 11, 16, 17, 0}, encoding.ends());
    assertArrayEquals(new int[] {-1, 0, 0, 0, 0, 0, -1}, encoding.texts());
  }

  @Test
  void pairsCarryTypeIdsAndAreTruncatedLongestFirst() {
    Tokenizer tokenizer = bert().load();
    Encoding pair = tokenizer.encodePair("cafe !", "unknown", EncodeOptions.PROMPT, Truncation.NONE);
    assertArrayEquals(new int[] {1, 3, 7, 2, 4, 5, 2}, pair.ids());
    assertArrayEquals(new int[] {0, 0, 0, 0, 1, 1, 1}, pair.typeIds());
    Encoding cut = tokenizer.encodePair("cafe ! ! !", "!", EncodeOptions.PROMPT, Truncation.toMaxTokens(6));
    assertArrayEquals(new int[] {1, 3, 7, 2, 7, 2}, cut.ids());
    Truncation left = new Truncation(4, Truncation.Side.LEFT, Truncation.Pair.LONGEST_FIRST);
    assertArrayEquals(new int[] {1, 4, 5, 2}, tokenizer.encodeWithOffsets("cafe unknown", EncodeOptions.PROMPT, left).ids());
    Truncation tooSmall = new Truncation(4, Truncation.Side.RIGHT, Truncation.Pair.ONLY_SECOND);
    assertThrows(TokenizerException.class, () -> tokenizer.encodePair("cafe !", "!", EncodeOptions.PROMPT, tooSmall));
    assertThrows(
        TokenizerException.class, () -> tokenizer.encodeWithOffsets("!", EncodeOptions.PROMPT, Truncation.toMaxTokens(1)));
  }

  @Test
  void decodersCleanUpAsTheFileAsks() {
    Tokenizer tokenizer = bert().load();
    assertEquals("cafe!", tokenizer.decode(new int[] {3, 7}, DecodeOptions.KEEP_SPECIALS));
    StreamDecoder stream = tokenizer.streamDecoder(DecodeOptions.KEEP_SPECIALS);
    assertEquals("un", stream.append(4));
    assertEquals("known", stream.append(5));
    assertEquals("", stream.finish());
    Tokenizer speech = words("?", "a", "b", "<pad>", "|").with("decoder", "{'type':'CTC'}").load();
    assertEquals("ab a", speech.decode(new int[] {1, 1, 3, 2, 4, 4, 1}, DecodeOptions.KEEP_SPECIALS));
  }

  @Test
  void theConfigAddsTokensAndTheBeginningWhereTheTokenizerHasNone() {
    Tokenizer tokenizer = words("?", "<s>", "a")
        .config("{'add_bos_token':true,'bos_token':{'content':'<s>'},'added_tokens_decoder':{'1':{'content':'<s>','special':true}}}")
        .load();
    assertEquals("<s>|a|", spelled(tokenizer, "a"));
    assertTrue(tokenizer.isSpecial(1));
    assertEquals(1, tokenizer.specialTokens().beginning().orElseThrow());
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {
    "normalizer; {'type':'Nonsense'}; normalizer 'Nonsense'", "pre_tokenizer; {'type':'Nonsense'}; pre-tokenizer 'Nonsense'",
    "post_processor; {'type':'Nonsense'}; post-processor 'Nonsense'", "decoder; {'type':'Nonsense'}; decoder 'Nonsense'",
    "model; {'type':'Nonsense','vocab':{'x':0}}; model 'Nonsense'", "model; {'type':'BPE','dropout':0.1,'vocab':{'x':0},'merges':[]}; dropout",
    "pre_tokenizer; {'type':'Split','pattern':{'Regex':'('},'behavior':'Isolated'}; not supported",
    "normalizer; {'type':'Precompiled','precompiled_charsmap':'AAAA'}; damaged",
    "added_tokens; [{'id':999999999,'content':'x'}]; unused", "post_processor; {'type':'BertProcessing','cls':['C',7],'sep':['S',2]}; 7"
  })
  void whatIsNotKnownIsRefusedByName(String part, String json, String message) {
    HuggingFaceFixture fixture = words("?", "a", "b").with(part, json);
    String actual = assertThrows(TokenizerException.class, fixture::load).getMessage();
    assertTrue(actual.contains(message), actual);
  }

  @Test
  void spacesBeforePunctuationGoWhereTheConfigurationAsksForItAndTheCallerLeavesItToThat() {
    HuggingFaceFixture fixture = HuggingFaceFixture.model("WordLevel", "'unk_token':'-'", "-", "Hello", ",", "you", "n", "?", "!")
        .with("pre_tokenizer", "{'type':'WhitespaceSplit'}");
    int[] ids = {1, 2, 3, 5, 6};
    Tokenizer cleaning = fixture.config("{'clean_up_tokenization_spaces':true}").load();
    assertEquals("Hello , you ? !", cleaning.decode(ids, DecodeOptions.SKIP_SPECIALS));
    assertEquals("Hello, you?!", cleaning.decode(ids, DecodeOptions.AS_CONFIGURED));
    StreamDecoder stream = cleaning.streamDecoder(DecodeOptions.AS_CONFIGURED);
    StringBuilder streamed = new StringBuilder();
    for (int id : ids) {
      streamed.append(stream.append(id));
    }
    assertEquals("Hello, you?!", streamed.append(stream.finish()).toString());
    assertEquals("Hello , you ? !", fixture.config("").load().decode(ids, DecodeOptions.AS_CONFIGURED));
  }
}
