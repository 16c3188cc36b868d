package dev.jebena.engine.backend;

/** The arithmetic of matrix products. */
public enum ComputeType {
  /** The fastest that keeps the answers of float32. */
  AUTO,
  /** Float32 products and sums. */
  F32,
  /**
   * As AUTO, but where many rows are multiplied, and where prompts attend, both factors are rounded to bf16: 2^-8 of each at most, with float32
   * sums. Chosen by name only.
   */
  BF16,
  /**
   * As BF16; and where few rows are multiplied by quantised weights, the rows are rounded to 8-bit codes, 32 columns with one scale: by up to 1/254 of
   * the largest of the 32. Chosen by name only.
   */
  INT8
}
