package dev.jebena.engine;

/** A generation ended with {@link FinishReason#ERROR}; the others go on. */
public final class GenerationException extends EngineException {

  private static final long serialVersionUID = 1L;

  GenerationException(String message) {
    super(message);
  }
}
