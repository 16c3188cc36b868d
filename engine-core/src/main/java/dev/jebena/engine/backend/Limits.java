package dev.jebena.engine.backend;

/**
 * The largest step that an Executable has to run.
 *
 * @param maxTokens rows of the domain TOKENS
 * @param maxSequences slots
 * @param maxOutputRows rows of the domain OUTPUTS
 * @param maxContext tokens of one sequence
 */
public record Limits(int maxTokens, int maxSequences, int maxOutputRows, int maxContext) {

  public Limits {
    if (maxTokens < 1 || maxSequences < 1 || maxOutputRows < 1 || maxContext < 1) {
      throw new IllegalArgumentException(
          "limits of " + maxTokens + " tokens, " + maxSequences + " sequences, " + maxOutputRows + " output rows and " + maxContext
              + " tokens of context: each must be positive");
    }
  }
}
