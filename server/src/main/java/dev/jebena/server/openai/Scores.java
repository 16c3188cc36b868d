package dev.jebena.server.openai;

import java.util.OptionalInt;

/**
 * Which log-probabilities the engine has to give.
 *
 * @param completion alternatives for each token of the completion; empty: none are asked for
 * @param prompt alternatives for each token of the prompt; empty: none are asked for
 */
record Scores(OptionalInt completion, OptionalInt prompt) {}
