package dev.jebena.engine.tck.fake;

import dev.jebena.engine.backend.SlotSettings;
import java.util.Arrays;

/**
 * Which token follows a history: a hash of every token before it, so that a single token that is lost, doubled or somebody else's changes
 * all that follows.
 *
 * @param letters ids that are sampled
 * @param endToken id that ends a sequence
 * @param endEvery on average every so many tokens is {@code endToken}; 0: never
 */
public record FakeLanguage(int[] letters, int endToken, int endEvery) {

  /** State before the first token. */
  static final long START = 0x9E3779B97F4A7C15L;

  /** State after {@code token} at {@code position}. */
  static long fold(long state, int token, int position) {
    return mix(state ^ mix((long) token << 32 | position));
  }

  private static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  /**
   * The token at {@code position}.
   *
   * @param state of the history before it
   */
  int next(long state, int position, SlotSettings settings) {
    long hash = mix(state + (settings.sampling().isGreedy() ? 0 : settings.sampling().seed() * 31 + 1));
    int generatedBefore = position - settings.promptTokens();
    boolean mayEnd = generatedBefore >= settings.minTokens();
    if (endEvery > 0 && mayEnd && Long.remainderUnsigned(hash >>> 8, endEvery) == 0) {
      return endToken;
    }
    int first = (int) Long.remainderUnsigned(hash, letters.length);
    for (int i = 0; i < letters.length; i++) {
      int letter = letters[(first + i) % letters.length];
      if (mayEnd || Arrays.stream(settings.endTokens()).noneMatch(end -> end == letter)) {
        return letter;
      }
    }
    throw new IllegalArgumentException("every letter of the language ends a sequence");
  }

  /** A made-up log-probability of {@code token} at that state. */
  static float logprob(long state, int token) {
    return -Long.remainderUnsigned(mix(state + token), 8000) / 1000f;
  }

  /**
   * What a correct engine gives, computed without blocks or steps.
   *
   * @param maxTotalTokens the most tokens, prompt included
   * @return the tokens sampled, an end token included
   */
  public int[] complete(int[] prompt, SlotSettings settings, int maxTotalTokens) {
    int[] tokens = Arrays.copyOf(prompt, Math.max(prompt.length, maxTotalTokens));
    long state = START;
    for (int i = 0; i < prompt.length; i++) {
      state = fold(state, prompt[i], i);
    }
    int known = prompt.length;
    while (known < maxTotalTokens) {
      int token = next(state, known, settings);
      tokens[known] = token;
      state = fold(state, token, known);
      known++;
      boolean ends = Arrays.stream(settings.endTokens()).anyMatch(end -> end == token);
      if (ends && known - prompt.length > settings.minTokens()) {
        break;
      }
    }
    return Arrays.copyOfRange(tokens, prompt.length, known);
  }

  /** The log-probabilities that a correct engine gives for the tokens of a prompt from its second. */
  public float[] promptLogprobs(int[] prompt) {
    float[] logprobs = new float[prompt.length - 1];
    long state = START;
    for (int i = 0; i < logprobs.length; i++) {
      state = fold(state, prompt[i], i);
      logprobs[i] = logprob(state, prompt[i + 1]);
    }
    return logprobs;
  }
}
