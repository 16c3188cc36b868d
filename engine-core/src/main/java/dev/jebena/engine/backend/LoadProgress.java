package dev.jebena.engine.backend;

/** Is told how far loading has come; called from any thread, cheap. */
@FunctionalInterface
public interface LoadProgress {

  /** Tells nobody. */
  LoadProgress SILENT = (doneBytes, totalBytes) -> {};

  /** {@code doneBytes} of {@code totalBytes} weight bytes are ready. */
  void loaded(long doneBytes, long totalBytes);
}
