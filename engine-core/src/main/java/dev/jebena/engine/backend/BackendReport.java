package dev.jebena.engine.backend;

import java.util.List;
import java.util.Map;

/**
 * What runs and how fast it was seen to be, for {@code doctor}, logs and metrics.
 *
 * @param facts names and values in the order to print (device, vector width, threads, compute type)
 * @param kernels the kernels chosen so far
 * @param warnings what makes it slower than it could be, and the remedy
 */
public record BackendReport(Map<String, String> facts, List<Kernel> kernels, List<String> warnings) {

  /**
   * One kernel.
   *
   * @param operation for example {@code matrix-vector}
   * @param type weight or cache type
   * @param variant the implementation chosen
   * @param measured what was measured, with its unit, for example {@code 21.4 GB/s}
   */
  public record Kernel(String operation, String type, String variant, String measured) {}
}
