package dev.jebena.engine.backend;

import dev.jebena.engine.sampling.SamplingParameters;

/**
 * What a slot keeps for its sequence besides the tokens.
 *
 * @param promptTokens how many of its first tokens are the prompt: presence and frequency penalties count from there
 * @param sampling how tokens are chosen
 * @param minTokens output tokens before one of {@code endTokens} may be chosen
 * @param endTokens ids that end the sequence
 * @param topLogprobs for each sampled token the log-probability and those of so many of the most likely tokens; -1: none at all
 * @param topPromptLogprobs the same for each scored prompt token
 */
public record SlotSettings(
    int promptTokens, SamplingParameters sampling, int minTokens, int[] endTokens, int topLogprobs, int topPromptLogprobs) {

  /** The largest number of alternatives that a row reports. */
  public static final int MAX_TOP_LOGPROBS = 1024;

  public SlotSettings {
    endTokens = endTokens.clone();
    if (promptTokens < 1 || minTokens < 0) {
      throw new IllegalArgumentException("a slot of " + promptTokens + " prompt tokens and " + minTokens + " minimum tokens");
    }
    if (Math.max(topLogprobs, topPromptLogprobs) > MAX_TOP_LOGPROBS || Math.min(topLogprobs, topPromptLogprobs) < -1) {
      throw new IllegalArgumentException(
          "logprobs of " + topLogprobs + " and " + topPromptLogprobs + " alternatives: use -1 for none, up to " + MAX_TOP_LOGPROBS);
    }
  }
}
