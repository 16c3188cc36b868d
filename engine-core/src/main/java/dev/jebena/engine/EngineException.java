package dev.jebena.engine;

/** What the engine cannot do; the message names the value, the limit and the remedy. */
public abstract sealed class EngineException extends RuntimeException
    permits RequestException, QueueFullException, EngineClosedException, EngineLoadException, GenerationException,
        GenerationInterruptedException {

  private static final long serialVersionUID = 1L;

  EngineException(String message) {
    super(message);
  }

  EngineException(String message, Throwable cause) {
    super(message, cause);
  }
}
