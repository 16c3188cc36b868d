package dev.jebena.engine;

import java.util.OptionalLong;

/**
 * Is told what happens to requests. Called on the engine's thread, so it must be quick, must not block and must not throw. Times are
 * {@link System#nanoTime()}.
 */
public interface EngineListener {

  /** Listens to nothing. */
  EngineListener NONE = new EngineListener() {};

  /** A request was taken from the command queue and waits. */
  default void queued(String requestId) {}

  /** A request's first token was sampled. */
  default void firstToken(String requestId, long sinceArrivalNanos) {}

  /** A further token was sampled, so long after the one before. */
  default void interToken(long nanos) {}

  /** A request has ended, for whatever reason. */
  default void finished(RequestTimings timings) {}

  /** A step has ended. */
  default void step(StepTimings timings) {}

  /**
   * The life of a request.
   *
   * @param requestId the request's id
   * @param reason why it ended
   * @param tokens what it processed
   * @param arrivalNanos when it was submitted
   * @param scheduledNanos when it first ran; empty if it never did
   * @param firstTokenNanos when its first token was sampled; empty if none was
   * @param lastTokenNanos when its last token was sampled; empty if none was
   * @param finishedNanos when it ended
   */
  record RequestTimings(
      String requestId,
      FinishReason reason,
      Tokens tokens,
      long arrivalNanos,
      OptionalLong scheduledNanos,
      OptionalLong firstTokenNanos,
      OptionalLong lastTokenNanos,
      long finishedNanos) {}

  /**
   * What a request processed.
   *
   * @param prompt tokens of its prompt
   * @param cached of these, found in the prefix cache
   * @param generated tokens sampled
   * @param max the most that it could have sampled
   * @param preemptions how often it gave its blocks back
   */
  record Tokens(int prompt, int cached, int generated, int max, int preemptions) {}

  /**
   * A step.
   *
   * @param tokens tokens run
   * @param sequences requests that ran
   * @param scheduleNanos what planning took
   * @param totalNanos from planning to the results
   */
  record StepTimings(int tokens, int sequences, long scheduleNanos, long totalNanos) {}
}
