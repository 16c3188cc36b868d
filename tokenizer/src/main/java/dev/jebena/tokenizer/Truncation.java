package dev.jebena.tokenizer;

/**
 * How an encoding is made to fit.
 *
 * @param maxTokens most tokens that remain, those that the post-processor adds included
 * @param side the side on which tokens are dropped
 * @param pair which of two texts gives way
 */
public record Truncation(int maxTokens, Side side, Pair pair) {

  /** Nothing is dropped. */
  public static final Truncation NONE = new Truncation(Integer.MAX_VALUE, Side.RIGHT, Pair.LONGEST_FIRST);

  public Truncation {
    if (maxTokens < 0) {
      throw new IllegalArgumentException("maxTokens is " + maxTokens + ": it must be at least 0");
    }
  }

  /** Keeps the beginning of a text. */
  public static Truncation toMaxTokens(int maxTokens) {
    return new Truncation(maxTokens, Side.RIGHT, Pair.LONGEST_FIRST);
  }

  /** The side on which tokens are dropped. */
  public enum Side {
    LEFT,
    RIGHT
  }

  /** Which of two texts gives way. */
  public enum Pair {
    LONGEST_FIRST,
    ONLY_FIRST,
    ONLY_SECOND
  }
}
