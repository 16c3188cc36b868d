package dev.jebena.engine.schedule;

/**
 * What the scheduler has to keep to.
 *
 * @param maxSequences slots
 * @param maxStepTokens rows of the domain TOKENS in a step
 * @param maxOutputRows rows of the domain OUTPUTS in a step
 * @param blockTokens tokens of a block
 * @param chunking whether a prompt may be spread over steps
 * @param prefixes whether equal prefixes are shared
 */
public record SchedulerLimits(
    int maxSequences, int maxStepTokens, int maxOutputRows, int blockTokens, Chunking chunking, Prefixes prefixes) {

  /** Whether a prompt may be spread over steps. */
  public enum Chunking {
    CHUNKED,
    WHOLE
  }

  /** Whether equal prefixes are shared. */
  public enum Prefixes {
    SHARED,
    SEPARATE
  }

  public SchedulerLimits {
    if (maxSequences < 1 || maxStepTokens < maxSequences || maxOutputRows < maxSequences || blockTokens < 1) {
      throw new IllegalArgumentException(
          "limits of " + maxSequences + " sequences, " + maxStepTokens + " tokens and " + maxOutputRows + " output rows a step, blocks of "
              + blockTokens + " tokens: a step must have room for one token and one output row of every sequence");
    }
  }
}
