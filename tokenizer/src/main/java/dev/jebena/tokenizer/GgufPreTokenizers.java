package dev.jebena.tokenizer;

import java.util.Map;
import java.util.TreeMap;

/** The pre-tokenizers that {@code tokenizer.ggml.pre} names, as the models' own tokenizer files define them. */
final class GgufPreTokenizers {

  private static final String GPT_2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA_3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String QWEN_2 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final Map<String, PreTokenizer> BY_NAME = new TreeMap<>();

  static {
    PreTokenizer gpt2 = new RegexPreTokenizer(GPT_2);
    PreTokenizer digitsApart = new RegexPreTokenizer(GPT_2, "\\p{N}");
    PreTokenizer llama3 = new RegexPreTokenizer(LLAMA_3);
    PreTokenizer qwen2 = new RegexPreTokenizer(QWEN_2);
    for (String name : new String[] {"gpt-2", "gpt2", "mpt", "olmo", "phi-2", "jina-es", "jina-de", "roberta-bpe"}) {
      BY_NAME.put(name, gpt2);
    }
    for (String name : new String[] {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone"}) {
      BY_NAME.put(name, digitsApart);
    }
    for (String name : new String[] {"llama-bpe", "llama3", "llama-v3"}) {
      BY_NAME.put(name, llama3);
    }
    for (String name : new String[] {"qwen2", "stablelm2", "deepseek-r1-qwen", "megrez"}) {
      BY_NAME.put(name, qwen2);
    }
  }

  private GgufPreTokenizers() {}

  /**
   * The pre-tokenizer of that name.
   *
   * @throws TokenizerException naming those that are known
   */
  static PreTokenizer named(String name) {
    PreTokenizer found = BY_NAME.get(name);
    if (found == null) {
      throw new TokenizerException("pre-tokenizer '" + name + "' is not supported; known are " + String.join(", ", BY_NAME.keySet()));
    }
    return found;
  }
}
