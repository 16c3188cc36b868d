package dev.jebena.engine;

import java.util.Optional;

/**
 * A token of a completion or, when they were asked for with log-probabilities, of a prompt.
 *
 * @param logprobs empty unless asked for; always empty for the first token of a prompt, which nothing predicts
 */
public record GeneratedToken(int id, Optional<TokenLogprobs> logprobs) {}
