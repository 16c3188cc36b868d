package dev.jebena.engine.backend;

import java.util.Map;

/** What {@link BackendProvider#probe()} found. */
public sealed interface Probe {

  /**
   * The backend can run.
   *
   * @param facts what it found, for people: device, width, threads, in the order to print
   */
  record Available(Map<String, String> facts) implements Probe {}

  /**
   * The backend cannot run.
   *
   * @param reason why, and what would help
   */
  record Unavailable(String reason) implements Probe {}
}
