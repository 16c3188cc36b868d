package dev.jebena.engine;

/** A model cannot be loaded with this configuration; the message names the value, the limit and the remedy. */
public final class EngineLoadException extends EngineException {

  private static final long serialVersionUID = 1L;

  EngineLoadException(String message) {
    super(message);
  }
}
