package dev.jebena.engine.schedule;

import dev.jebena.engine.backend.StepResult;

/** Where what a sequence gives goes. Called on the engine's thread; must not block. */
public interface SequenceOutput {

  /**
   * The sequence runs for the first time.
   *
   * @param cachedTokens tokens of its prompt that were found in the prefix cache
   */
  void started(int cachedTokens);

  /** A token of the prompt was scored; they come in order, beginning with the second token. Valid during the call. */
  void promptScored(StepResult result, int row);

  /** A token was sampled. Valid during the call. */
  void sampled(StepResult result, int row);

  /** The sequence has ended; called once, last. */
  void ended(SequenceEnd end);
}
