package dev.jebena.engine.backend;

import java.util.OptionalInt;

/**
 * How a backend is opened.
 *
 * @param threads worker threads; empty: what the backend finds best
 * @param computeType the arithmetic of the products
 */
public record BackendSettings(OptionalInt threads, ComputeType computeType) {

  /** Everything as the backend finds best. */
  public static final BackendSettings DEFAULTS = new BackendSettings(OptionalInt.empty(), ComputeType.AUTO);

  public BackendSettings {
    if (threads.isPresent() && (threads.getAsInt() < 1 || threads.getAsInt() > 4096)) {
      throw new IllegalArgumentException("threads is " + threads.getAsInt() + ": use a number from 1 to 4096");
    }
  }
}
