package dev.jebena.engine;

/** The engine takes no more requests: it is draining, closed, or a step failed as a whole (then the cause says how). */
public final class EngineClosedException extends EngineException {

  private static final long serialVersionUID = 1L;

  EngineClosedException(String message) {
    super(message);
  }

  EngineClosedException(String message, Throwable cause) {
    super(message, cause);
  }
}
