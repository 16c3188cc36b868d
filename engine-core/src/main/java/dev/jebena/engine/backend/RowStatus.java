package dev.jebena.engine.backend;

/** How one output row ended. A row fails alone. */
public enum RowStatus {
  OK,
  /** A logit was infinite or not a number. */
  NON_FINITE,
  /** Every token was excluded. */
  NO_ALLOWED_TOKEN
}
