package dev.jebena.tokenizer.template;

import java.time.Duration;

/**
 * What a rendering may take; templates come from model files and are not trusted.
 *
 * @param maxSteps statements, calls, iterations and what grows with a value's size
 * @param maxOutputChars characters or items of any string or list that is built, and of the output
 * @param maxBuiltChars characters and items of all strings and lists that are built on the way
 * @param maxDepth nested calls and nested syntax
 * @param maxTime time of one rendering
 */
public record TemplateLimits(long maxSteps, int maxOutputChars, long maxBuiltChars, int maxDepth, Duration maxTime) {

  /** Enough for any real chat. */
  public static final TemplateLimits DEFAULTS =
      new TemplateLimits(50_000_000, 32 << 20, 512L << 20, 200, Duration.ofSeconds(10));

  public TemplateLimits {
    if (maxSteps < 1 || maxOutputChars < 1 || maxBuiltChars < 1 || maxDepth < 1 || maxTime.isNegative() || maxTime.isZero()) {
      throw new IllegalArgumentException(
          "limits of " + maxSteps + " steps, " + maxOutputChars + " and " + maxBuiltChars + " characters, depth " + maxDepth + " and "
              + maxTime + ": each must be positive");
    }
  }
}
