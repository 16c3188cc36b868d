package dev.jebena.engine;

/** The reading thread was interrupted while it waited for a token; its interrupt status is set again and the generation goes on. */
public final class GenerationInterruptedException extends EngineException {

  private static final long serialVersionUID = 1L;

  GenerationInterruptedException(String id) {
    super("interrupted while waiting for a token of request '" + id + "': close the generation, or read on");
  }
}
