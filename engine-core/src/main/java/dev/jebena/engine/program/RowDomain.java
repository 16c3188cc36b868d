package dev.jebena.engine.program;

/** What the rows of a value are. Row counts come with each step; nothing is compiled for one batch size. */
public enum RowDomain {
  /** Every token that runs in the step. */
  TOKENS,
  /** The tokens whose logits are asked for. */
  OUTPUTS
}
