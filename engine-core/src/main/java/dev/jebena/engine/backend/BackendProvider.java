package dev.jebena.engine.backend;

/**
 * Finds out whether a backend can run here, and opens it. Found by {@link java.util.ServiceLoader}; constructing and probing touch
 * nothing optional, so that a missing module or driver is an answer and not an error.
 */
public interface BackendProvider {

  /** The name that {@code --backend} takes, for example {@code cpu}. */
  String name();

  /** Where this stands when the choice is automatic: of those available, the highest is taken. The reference backend has 0. */
  int preference();

  /** Whether the backend can run, and why it will or will not be fast. */
  Probe probe();

  /**
   * Opens the backend; the caller closes it.
   *
   * @throws BackendException if {@link #probe()} would answer {@link Probe.Unavailable}, or a setting does not fit
   */
  Backend open(BackendSettings settings, MemoryBudget budget);
}
