package dev.jebena.engine.backend;

/** A step in flight. */
@FunctionalInterface
public interface StepHandle {

  /**
   * Waits for the step; on a CPU the caller works on it.
   *
   * @return the results, valid until the next await on the same Executable
   * @throws BackendException if the step as a whole failed; the Executable is then unusable
   */
  StepResult await();
}
