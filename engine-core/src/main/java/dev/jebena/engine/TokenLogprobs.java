package dev.jebena.engine;

import java.util.List;

/**
 * How likely the model found a token.
 *
 * @param logprob natural log-probability under the model's own distribution
 * @param rank 1 for the most likely token
 * @param top the most likely tokens, best first, as many as were asked for
 */
public record TokenLogprobs(float logprob, int rank, List<Alternative> top) {

  public TokenLogprobs {
    top = List.copyOf(top);
  }

  /** A token that could have stood there. */
  public record Alternative(int token, float logprob) {}
}
