package dev.jebena.engine;

import java.time.Duration;

/** The engine holds as many requests as it was configured for; trying again later may succeed. */
public final class QueueFullException extends EngineException {

  private static final long serialVersionUID = 1L;

  private final Duration retryAfter;

  QueueFullException(int requests, int limit, Duration retryAfter) {
    super(
        "the engine holds " + requests + " requests and takes " + limit + " (maxSequences + maxWaiting): try again in "
            + retryAfter.toSeconds() + " s, or raise maxWaiting");
    this.retryAfter = retryAfter;
  }

  /** A guess, from the pace at which requests end, of when a place will be free. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
