package dev.jebena.engine;

import java.util.Map;

/**
 * What an engine is doing and has done, at one moment.
 *
 * @param running requests that hold a slot
 * @param waiting requests accepted that do not run: new ones and preempted ones
 * @param kvBlocks blocks of the KV cache, those that the engine keeps for itself excluded
 * @param kvBlocksUsed blocks that running requests hold; cached prefixes that nobody uses count as free
 * @param counters what was counted since the engine was loaded
 */
public record EngineStatistics(int running, int waiting, int kvBlocks, int kvBlocksUsed, Counters counters) {

  /** Share of the KV cache in use, [0, 1]. */
  public double kvUsage() {
    return kvBlocks == 0 ? 0 : (double) kvBlocksUsed / kvBlocks;
  }

  /**
   * Counters since the engine was loaded.
   *
   * @param steps steps run
   * @param promptTokens tokens of prompts whose processing is complete
   * @param generatedTokens tokens sampled for requests
   * @param prefixQueryTokens prompt tokens looked up in the prefix cache
   * @param prefixHitTokens of these, found
   * @param preemptions how often a running request had to give its blocks back
   * @param finished requests ended, by reason; every reason is there
   */
  public record Counters(
      long steps,
      long promptTokens,
      long generatedTokens,
      long prefixQueryTokens,
      long prefixHitTokens,
      long preemptions,
      Map<FinishReason, Long> finished) {}
}
