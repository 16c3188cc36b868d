package dev.jebena.engine.backend;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

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
   * @param unitsPerSecond the same as a number: bytes of weights or floating-point operations, as the unit says; empty: not measured
   * @param shareOfPeak the same by what the machine was seen to do at most (reading, multiplying and adding); empty: not measured
   * @param alternatives what was slower, and how fast that is
   */
  public record Kernel(
      String operation, String type, String variant, String measured, OptionalDouble unitsPerSecond, OptionalDouble shareOfPeak,
      List<String> alternatives) {

    public Kernel {
      alternatives = List.copyOf(alternatives);
    }

    /** A kernel of which only a text is known. */
    public Kernel(String operation, String type, String variant, String measured) {
      this(operation, type, variant, measured, OptionalDouble.empty(), OptionalDouble.empty(), List.of());
    }
  }
}
