package dev.jebena.engine.backend;

import java.util.OptionalLong;

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
   * The memory of the devices that so many backends of this process would take; empty if a backend takes the machine's own memory.
   *
   * @param share of each device's memory, over 0, at most 1
   * @throws BackendException if {@link #probe()} would answer {@link Probe.Unavailable}
   */
  default OptionalLong memoryBytes(int backends, double share) {
    return OptionalLong.empty();
  }

  /**
   * Opens the backend; the caller closes it.
   *
   * @throws BackendException if {@link #probe()} would answer {@link Probe.Unavailable}, or a setting does not fit
   */
  Backend open(BackendSettings settings, MemoryBudget budget);
}
