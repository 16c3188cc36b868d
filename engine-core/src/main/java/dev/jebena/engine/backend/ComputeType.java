package dev.jebena.engine.backend;

/** The arithmetic of matrix products. */
public enum ComputeType {
  /** The fastest that keeps the answers of float32. */
  AUTO,
  /** Float32 products and sums. */
  F32
}
