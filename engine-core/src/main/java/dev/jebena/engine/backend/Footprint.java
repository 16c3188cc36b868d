package dev.jebena.engine.backend;

/**
 * The memory that a Program will take.
 *
 * @param weightBytes weights as the backend keeps them
 * @param scratchBytes values of a step
 * @param kvBlockBytes one KV block over all layers
 */
public record Footprint(long weightBytes, long scratchBytes, long kvBlockBytes) {}
