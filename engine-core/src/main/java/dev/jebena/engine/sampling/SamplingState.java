package dev.jebena.engine.sampling;

import java.util.Arrays;

/**
 * What choosing a sequence's next token depends on besides the logits: the parameters, how often each token was seen, and how
 * many tokens the output has. Tokens are counted only where a penalty needs it.
 *
 * <p>The counts are an open-addressed table from token to count, so that a sequence costs what it is long and not what the
 * vocabulary is.
 */
public final class SamplingState {

  private static final int FREE = -1;

  private final SamplingParameters parameters;
  private final int minTokens;
  private final int[] endTokens;
  private final int[] biasTokens;
  private final float[] biasValues;
  private final boolean counting;
  private int[] tokens = new int[0];
  private int[] outputCounts = new int[0];
  private int distinct;
  private int outputTokens;

  /**
   * The state of a sequence without tokens.
   *
   * @param minTokens output tokens before one of {@code endTokens} may be chosen
   * @param vocabularySize logits of a row; ids must be smaller
   */
  public SamplingState(SamplingParameters parameters, int minTokens, int[] endTokens, int vocabularySize) {
    this.parameters = parameters;
    this.minTokens = minTokens;
    this.endTokens = endTokens.clone();
    this.biasTokens = parameters.logitBias().keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
    this.biasValues = new float[biasTokens.length];
    for (int i = 0; i < biasTokens.length; i++) {
      biasValues[i] = parameters.logitBias().getOrDefault(biasTokens[i], 0f);
      requireToken("logit_bias", biasTokens[i], vocabularySize);
    }
    for (int token : endTokens) {
      requireToken("an end token", token, vocabularySize);
    }
    this.counting =
        parameters.repetitionPenalty() != 1 || parameters.presencePenalty() != 0 || parameters.frequencyPenalty() != 0;
    if (counting) {
      allocate(64);
    }
  }

  private static void requireToken(String what, int token, int vocabularySize) {
    if (token < 0 || token >= vocabularySize) {
      throw new IllegalArgumentException(what + " names token " + token + ": ids go from 0 to " + (vocabularySize - 1));
    }
  }

  public SamplingParameters parameters() {
    return parameters;
  }

  /** Tokens of the output so far. */
  public int outputTokens() {
    return outputTokens;
  }

  /** Whether the next token is simply the one with the largest logit: greedy, and nothing changes the logits. */
  public boolean isPlainArgmax() {
    return parameters.isGreedy() && !adjustsLogits();
  }

  /** Whether {@link #adjust} changes the next token's logits. */
  boolean adjustsLogits() {
    return biasTokens.length > 0 || counting || outputTokens < minTokens && endTokens.length > 0;
  }

  /** Notes a token of the prompt. */
  public void addPrompt(int token) {
    if (counting) {
      entryOf(token);
    }
  }

  /** Notes a token of the output. */
  public void addOutput(int token) {
    outputTokens++;
    if (counting) {
      int entry = entryOf(token);
      outputCounts[entry]++;
    }
  }

  /** Changes a row of logits as bias, minimum length and penalties ask, in this order; a banned token gets negative infinity. */
  void adjust(float[] logits, int offset) {
    for (int i = 0; i < biasTokens.length; i++) {
      logits[offset + biasTokens[i]] += biasValues[i];
    }
    if (outputTokens < minTokens) {
      for (int token : endTokens) {
        logits[offset + token] = Float.NEGATIVE_INFINITY;
      }
    }
    if (counting) {
      penalise(logits, offset);
    }
  }

  private void penalise(float[] logits, int offset) {
    float repetition = parameters.repetitionPenalty();
    for (int entry = 0; entry < tokens.length; entry++) {
      if (tokens[entry] == FREE) {
        continue;
      }
      int at = offset + tokens[entry];
      float logit = logits[at];
      logit = logit > 0 ? logit / repetition : logit * repetition;
      if (outputCounts[entry] > 0) {
        logit -= parameters.frequencyPenalty() * outputCounts[entry] + parameters.presencePenalty();
      }
      logits[at] = logit;
    }
  }

  private int entryOf(int token) {
    if (2 * distinct >= tokens.length) {
      grow();
    }
    int entry = slotFor(token);
    if (tokens[entry] == FREE) {
      tokens[entry] = token;
      distinct++;
    }
    return entry;
  }

  private int slotFor(int token) {
    int mask = tokens.length - 1;
    int entry = token * 0x9E3779B9 >>> 7 & mask;
    while (tokens[entry] != FREE && tokens[entry] != token) {
      entry = entry + 1 & mask;
    }
    return entry;
  }

  private void grow() {
    int[] oldTokens = tokens;
    int[] oldCounts = outputCounts;
    allocate(2 * oldTokens.length);
    for (int i = 0; i < oldTokens.length; i++) {
      if (oldTokens[i] != FREE) {
        int entry = slotFor(oldTokens[i]);
        tokens[entry] = oldTokens[i];
        outputCounts[entry] = oldCounts[i];
      }
    }
  }

  private void allocate(int entries) {
    tokens = new int[entries];
    Arrays.fill(tokens, FREE);
    outputCounts = new int[entries];
  }
}
