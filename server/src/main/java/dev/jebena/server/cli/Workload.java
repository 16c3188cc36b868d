package dev.jebena.server.cli;

/**
 * What a benchmark runs.
 *
 * @param name as the table shows it
 * @param sequences requests at once
 * @param promptTokens tokens of each prompt
 * @param generatedTokens tokens that each request generates
 * @param counted which steps the figure is from
 */
record Workload(String name, int sequences, int promptTokens, int generatedTokens, Counted counted) {

  private static final int BATCH_PROMPT_TOKENS = 128;
  private static final int BATCH_GENERATED_TOKENS = 64;

  /** The steps that a figure is from. */
  enum Counted {
    /** All of them, by the tokens that they run. */
    EVERY_STEP,
    /** Those in which every sequence decodes. */
    FULL_BATCH
  }

  static Workload prefill(int tokens) {
    return new Workload("pp" + tokens, 1, tokens, 1, Counted.EVERY_STEP);
  }

  static Workload decode(int tokens) {
    return new Workload("tg" + tokens, 1, 1, tokens, Counted.EVERY_STEP);
  }

  static Workload batch(int sequences) {
    return new Workload("batch" + sequences, sequences, BATCH_PROMPT_TOKENS, BATCH_GENERATED_TOKENS, Counted.FULL_BATCH);
  }

  /** The most tokens of a sequence. */
  int tokens() {
    return promptTokens + generatedTokens;
  }
}
