package dev.jebena.tokenizer.template;

import java.time.Duration;

/**
 * What a rendering may take; templates come from model files and are not trusted.
 *
 * @param maxSteps evaluated nodes
 * @param maxOutputChars characters of any string that is built
 * @param maxDepth nested calls and nested syntax
 * @param maxTime time of one rendering
 */
public record TemplateLimits(long maxSteps, int maxOutputChars, int maxDepth, Duration maxTime) {

  /** Enough for any real chat. */
  public static final TemplateLimits DEFAULTS = new TemplateLimits(50_000_000, 64 << 20, 200, Duration.ofSeconds(10));

  public TemplateLimits {
    if (maxSteps < 1 || maxOutputChars < 1 || maxDepth < 1 || maxTime.isNegative() || maxTime.isZero()) {
      throw new IllegalArgumentException(
          "limits of " + maxSteps + " steps, " + maxOutputChars + " characters, depth " + maxDepth + " and " + maxTime
              + ": each must be positive");
    }
  }
}
