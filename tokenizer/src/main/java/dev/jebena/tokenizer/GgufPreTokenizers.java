package dev.jebena.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The pre-tokenizers that {@code tokenizer.ggml.pre} names, with the patterns of the models' own tokenizer files, and what else the name
 * stands for in the files that carry it.
 */
final class GgufPreTokenizers {

  /** What a name stands for beside its patterns. */
  enum Trait {
    /** A piece that is a token is taken whole. */
    WHOLE_TOKENS,
    /** A beginning of sequence is added unless the file says otherwise. */
    ADDS_BEGINNING,
    /** Text is merged as it is, with space marks for spaces, and not spelled in the byte alphabet. */
    SPACE_MARKS,
    /** Line feeds that are a token together are taken as that token. */
    WHOLE_LINE_FEEDS,
    /** Pairs are put together as RoBERTa does it. */
    SEPARATES_PAIRS
  }

  /** The patterns, applied one after another, and the traits. */
  record PreTokenizer(List<String> patterns, List<Trait> traits) {

    boolean has(Trait trait) {
      return traits.contains(trait);
    }
  }

  private static final String GPT_2 = HuggingFacePreTokenizers.GPT_2;
  private static final String ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String BREAKS = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String WORDS = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|";
  private static final String MARKS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + BREAKS;
  private static final String LLAMA_3 = ENDINGS + "|" + WORDS + "\\p{N}{1,3}" + MARKS;
  private static final String QWEN_2 = ENDINGS + "|" + WORDS + "\\p{N}" + MARKS;
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String PATH_MARKS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + BREAKS;
  private static final String O200K = cased(ENDINGS + "?") + "|\\p{N}{1,3}" + PATH_MARKS;
  private static final String ASCII_MARK = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]";
  private static final String DEEPSEEK_CJK = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
  private static final String DEEPSEEK_3 =
      ASCII_MARK + "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" + BREAKS;
  private static final String DEEPSEEK_OLD_CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+";
  private static final String BLOOM = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";
  private static final String LINES = "[^\\n]+|[\\n]+";

  /** Letters that have case, as DeepSeek's first tokenizer lists them. */
  private static final String DEEPSEEK_LETTERS =
      "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f"
          + "\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd"
          + "\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57"
          + "\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec"
          + "\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f"
          + "\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787"
          + "\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\\x{10400}-\\x{1044f}\\x{104b0}-\\x{104d3}"
          + "\\x{104d8}-\\x{104fb}\\x{10c80}-\\x{10cb2}\\x{10cc0}-\\x{10cf2}\\x{118a0}-\\x{118df}\\x{1e900}-\\x{1e943}";

  private static final Map<String, PreTokenizer> BY_NAME = new TreeMap<>();

  static {
    add("gpt-2 gpt2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert mpt olmo jais trillion granite-docling exaone4",
        List.of(), GPT_2);
    add("jina-v1-en jina-v2-code roberta-bpe", List.of(Trait.SEPARATES_PAIRS), GPT_2);
    // SmolLM2's golden ids set digits apart after cutting words, those of the others before: it shows in spaces before digits
    add("smollm", List.of(), GPT_2, "\\p{N}");
    add("starcoder refact command-r codeshell exaone minerva-7b mellum2", List.of(), "\\p{N}", GPT_2);
    add("llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
        List.of(Trait.WHOLE_TOKENS, Trait.ADDS_BEGINNING), LLAMA_3);
    add("dbrx smaug-bpe chatglm-bpe glm4", List.of(), LLAMA_3);
    add("minicpm5", List.of(Trait.WHOLE_TOKENS), "\\p{N}{1,3}", ENDINGS + "|" + WORDS + "\\p{N}+" + MARKS);
    add("jais-2", List.of(), ENDINGS + "|" + WORDS + "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s{512}(?!\\S)|\\s{256}(?!\\S)"
        + "|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}");
    add("qwen2 stablelm2 deepseek-r1-qwen megrez kormo f2llmv2 hunyuan solar-open grok-2", List.of(), QWEN_2);
    add("qwen35", List.of(), ENDINGS + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" + BREAKS);
    add("ufakzeka", List.of(), WORDS + "\\p{N}" + MARKS);
    add("laguna", List.of(), LINES, QWEN_2);
    add("seed-coder", List.of(), ENDINGS + "|" + WORDS + "\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" + BREAKS);
    add("bailingmoe bailingmoe2 llada-moe", List.of(),
        "'(?i:[sdmt]|ll|ve|re)|" + WORDS + "\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+");
    add("exaone-moe", List.of(), ENDINGS + "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+");
    add("tekken", List.of(Trait.WHOLE_TOKENS, Trait.ADDS_BEGINNING), cased("") + "|\\p{N}" + PATH_MARKS);
    add("gpt-4o llama4 kanana2 talkie minimax-m2", List.of(), O200K);
    add("granite-embed-multi-97m", List.of(Trait.WHOLE_TOKENS), O200K);
    add("tiny_aya cohere2moe", List.of(), TextPattern.THOUSANDS, O200K);
    add("kimi-k2", List.of(), TiktokenPatterns.KIMI);
    add("deepseek-llm", List.of(), "[\\r\\n]", "\\s?[" + DEEPSEEK_LETTERS + "]+", "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
        "\\s+$", DEEPSEEK_OLD_CJK, "\\p{N}+");
    add("deepseek-coder", List.of(), "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", DEEPSEEK_OLD_CJK, "\\p{N}");
    add("deepseek-v3 hunyuan-dense joyai-llm hy_v4", List.of(), "\\p{N}{1,3}", DEEPSEEK_CJK, DEEPSEEK_3);
    add("spark2_5", List.of(), "\\p{N}{1,3}", DEEPSEEK_CJK, ASCII_MARK
        + "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+|[\\r\\n]|\\s+(?!\\S)|\\s+", "\\p{N}");
    add("youtu", List.of(Trait.WHOLE_TOKENS),
        "[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+|[\u3105-\u312f]+|"
            + DEEPSEEK_CJK,
        cased(ENDINGS + "?") + "|\\p{N}" + PATH_MARKS);
    add("afmoe", List.of(), "\\p{N}+", TextPattern.THOUSANDS_FROM_THE_RIGHT,
        "[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f\u2f00-\u2fdf\u0e00-\u0e7f\u0e80-\u0eff\u1780-\u17ff"
            + "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+",
        DEEPSEEK_3);
    add("superbpe", List.of(), "\\p{N}+", TextPattern.THOUSANDS_FROM_THE_RIGHT);
    add("falcon", List.of(), "[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT_2, "[0-9][0-9][0-9]");
    add("bloom poro-chat gpt3-finnish", List.of(), BLOOM);
    add("viking", List.of(), BLOOM, "\\p{N}");
    add("chameleon", List.of(Trait.ADDS_BEGINNING), "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", "\\p{N}",
        "[\\p{P}!-/:-@\\[-`{-~]", GPT_2);
    add("gemma4 granite-embed-multi-311m", List.of(Trait.SPACE_MARKS, Trait.WHOLE_LINE_FEEDS, Trait.ADDS_BEGINNING), LINES);
    add("sarvam-moe", List.of(Trait.SPACE_MARKS), LINES);
    add("default", List.of(), "[\\p{P}\\$\\+<=>\\^~\\|]+", GPT_2, "\\p{N}+", "[0-9][0-9][0-9]");
  }

  private GgufPreTokenizers() {}

  /** Words that begin in upper case or end in lower case, each with an ending. */
  private static String cased(String ending) {
    String before = "[^\\r\\n\\p{L}\\p{N}]?";
    return before + UPPER + "*" + LOWER + "+" + ending + "|" + before + UPPER + "+" + LOWER + "*" + ending;
  }

  private static void add(String names, List<Trait> traits, String... patterns) {
    for (String name : names.split(" ")) {
      BY_NAME.put(name, new PreTokenizer(List.of(patterns), traits));
    }
  }

  /**
   * The pre-tokenizer of that name.
   *
   * @throws TokenizerException naming those that are known
   */
  static PreTokenizer named(String name) {
    PreTokenizer found = BY_NAME.get(name);
    if (found == null) {
      throw new TokenizerException("pre-tokenizer '" + name + "' is not supported: choose another one (option pre-tokenizer); known are "
          + String.join(", ", BY_NAME.keySet()));
    }
    return found;
  }

  /** All names, in alphabetical order. */
  static List<String> names() {
    return List.copyOf(BY_NAME.keySet());
  }
}
