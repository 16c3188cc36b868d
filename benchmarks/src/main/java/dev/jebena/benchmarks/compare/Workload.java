package dev.jebena.benchmarks.compare;

import java.nio.file.Path;

/**
 * What every contender runs.
 *
 * @param model a GGUF file
 * @param prompt a text file for contenders that take no token ids, of about {@code promptTokens} tokens
 * @param promptTokens tokens of the prompt whose prefill is timed
 * @param generatedTokens tokens that one sequence generates
 * @param sequences sequences that decode together, 128 prompt tokens and 64 generated ones each; 0: none
 */
record Workload(Path model, Path prompt, int promptTokens, int generatedTokens, int sequences, int threads) {

  static final int BATCH_PROMPT_TOKENS = 128;
  static final int BATCH_GENERATED_TOKENS = 64;

  String prefillTest() {
    return "pp" + promptTokens;
  }

  String decodeTest() {
    return "tg" + generatedTokens;
  }

  String batchTest() {
    return "batch" + sequences;
  }
}
