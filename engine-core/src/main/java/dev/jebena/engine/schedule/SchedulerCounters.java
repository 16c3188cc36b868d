package dev.jebena.engine.schedule;

/**
 * What a scheduler has counted.
 *
 * @param steps steps awaited
 * @param promptTokens tokens of prompts that were processed to their end
 * @param generatedTokens tokens sampled
 * @param prefixQueryTokens prompt tokens looked up
 * @param prefixHitTokens of these, found
 * @param preemptions times that a sequence gave its blocks back
 */
public record SchedulerCounters(
    long steps, long promptTokens, long generatedTokens, long prefixQueryTokens, long prefixHitTokens, long preemptions) {}
