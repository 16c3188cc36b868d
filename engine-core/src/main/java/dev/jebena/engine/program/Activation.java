package dev.jebena.engine.program;

/** Elementwise activation functions; the formula of each is its specification. */
public enum Activation {
  /** x / (1 + exp(-x)). */
  SILU,
  /** x / 2 (1 + erf(x / sqrt 2)). */
  GELU,
  /** x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). */
  GELU_TANH,
  /** max(x, 0). */
  RELU
}
