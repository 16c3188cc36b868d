package dev.jebena.engine.sampling;

import java.util.Map;

/**
 * How a request's tokens are chosen. The order of the steps is the one of the sampler in this package.
 *
 * @param temperature 0 takes the most likely token; otherwise logits are divided by it
 * @param topK tokens kept, 0: all
 * @param topP smallest set of the most likely tokens whose probability reaches this, (0, 1]
 * @param minP tokens of at least this share of the best token's probability, [0, 1]
 * @param repetitionPenalty over 0; logits of tokens seen in prompt or output are divided by it where positive and multiplied where
 *     negative
 * @param presencePenalty subtracted from the logits of tokens that the output has, [-2, 2]
 * @param frequencyPenalty subtracted for each time that the output has the token, [-2, 2]
 * @param logitBias added to the logits of these ids
 * @param seed key of the random numbers; the same seed gives the same tokens, whatever else runs
 */
public record SamplingParameters(
    float temperature,
    int topK,
    float topP,
    float minP,
    float repetitionPenalty,
    float presencePenalty,
    float frequencyPenalty,
    Map<Integer, Float> logitBias,
    long seed) {

  /** Always the most likely token. */
  public static final SamplingParameters GREEDY = new SamplingParameters(0, 0, 1, 0, 1, 0, 0, Map.of(), 0);

  public SamplingParameters {
    logitBias = Map.copyOf(logitBias);
    requireRange("temperature", temperature, 0, 100, "use 0 for the most likely token");
    if (topK < 0) {
      throw new IllegalArgumentException("top_k is " + topK + ": use 0 for all tokens, or a positive number");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("top_p is " + topP + ": use a number over 0, up to 1");
    }
    requireRange("min_p", minP, 0, 1, "use 0 for none");
    if (!(repetitionPenalty > 0 && repetitionPenalty <= 100)) {
      throw new IllegalArgumentException("repetition_penalty is " + repetitionPenalty + ": use a number over 0, up to 100; 1 for none");
    }
    requireRange("presence_penalty", presencePenalty, -2, 2, "use 0 for none");
    requireRange("frequency_penalty", frequencyPenalty, -2, 2, "use 0 for none");
    for (Map.Entry<Integer, Float> bias : logitBias.entrySet()) {
      requireRange("logit_bias of token " + bias.getKey(), bias.getValue(), -100, 100, "use 0 for none");
    }
  }

  private static void requireRange(String name, float value, float from, float to, String remedy) {
    if (!(value >= from && value <= to)) {
      throw new IllegalArgumentException(name + " is " + value + ": use a number from " + from + " to " + to + "; " + remedy);
    }
  }

  /** Whether the token with the largest logit is taken. */
  public boolean isGreedy() {
    return temperature == 0;
  }

  /** The same with another temperature. */
  public SamplingParameters withTemperature(float newTemperature) {
    return new SamplingParameters(
        newTemperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, logitBias, seed);
  }

  /** The same with another seed. */
  public SamplingParameters withSeed(long newSeed) {
    return new SamplingParameters(
        temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, logitBias, newSeed);
  }
}
