package dev.jebena.engine;

import java.util.OptionalInt;

/** Finds how many tokens of prompts a step may take so that it lasts about as long as asked for. Used by the engine's thread. */
final class StepPace {

  private static final int LEAST_TOKENS = 32;
  private static final double WEIGHT_OF_NEWEST = 0.25;

  private final OptionalInt targetMillis;
  private final int maxTokens;
  private double nanosPerToken;

  StepPace(OptionalInt targetMillis, int maxTokens) {
    this.targetMillis = targetMillis;
    this.maxTokens = maxTokens;
  }

  /** Tokens of prompts for the next step. */
  int budget() {
    if (targetMillis.isEmpty() || nanosPerToken == 0) {
      return targetMillis.isEmpty() ? maxTokens : Math.min(maxTokens, 2 * LEAST_TOKENS);
    }
    double tokens = targetMillis.getAsInt() * 1e6 / nanosPerToken;
    return (int) Math.clamp(tokens, Math.min(LEAST_TOKENS, maxTokens), maxTokens);
  }

  /** A step of {@code tokens} tokens of {@code sequences} sequences took so long; only those that hold prompts tell anything. */
  void stepped(int tokens, int sequences, long nanos) {
    if (tokens < sequences + LEAST_TOKENS / 2) {
      return;
    }
    double newest = (double) nanos / tokens;
    nanosPerToken = nanosPerToken == 0 ? newest : nanosPerToken * (1 - WEIGHT_OF_NEWEST) + newest * WEIGHT_OF_NEWEST;
  }
}
