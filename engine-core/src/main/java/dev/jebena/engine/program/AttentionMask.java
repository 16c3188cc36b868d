package dev.jebena.engine.program;

/** Which cached positions a token sees, itself always included. */
public sealed interface AttentionMask {

  /** Every position up to the token's own. */
  record Causal() implements AttentionMask {}

  /** The last {@code tokens} positions up to the token's own. */
  record SlidingWindow(int tokens) implements AttentionMask {

    public SlidingWindow {
      if (tokens <= 0) {
        throw new ProgramException("an attention window of " + tokens + " tokens: it must be positive");
      }
    }
  }
}
