package dev.jebena.cuda.kernel;

import dev.jebena.cuda.emulator.ptx.LaunchCounts;
import java.util.Locale;
import java.util.Map;

/**
 * One line of the roofline: what a launch at a real size has to move and to compute, what the interpreter counted for a part of it, and the time that an H100
 * (SXM, 3.35 TB/s, 132 multiprocessors at 1.755 GHz, 989 TFLOP/s of dense bf16) would need at least.
 *
 * @param kernel name
 * @param size the launch in words
 * @param leastBytes bytes of weights, cache, inputs and results, each once
 * @param bytes that the warps asked for in sectors of 32 bytes, scaled to the whole launch; repeated reads come from the caches
 * @param instructions PTX instructions of threads without moves, scaled to the whole launch; machine code has fewer, as several become one
 * @param tensorFlops floating-point operations of tensor cores, scaled
 */
record Roofline(String kernel, String size, double leastBytes, double bytes, double instructions, double tensorFlops) {

  private static final double BYTES_PER_SECOND = 3.35e12;
  private static final double LANES_PER_SECOND = 132 * 128 * 1.755e9;
  private static final double TENSOR_FLOPS_PER_SECOND = 989e12;
  private static final double FLOPS_OF_MMA_LANE = 2.0 * 16 * 8 * 16 / 32;

  static final String HEADER = """
      | kernel | size | least MB | requested MB | M instructions | memory µs | issue µs | tensor µs | bound by |
      |---|---|---|---|---|---|---|---|---|""";

  static Roofline of(LaunchCounts counts, String size, double leastBytes, double scale) {
    double products = counts.opcodes().entrySet().stream().filter(entry -> entry.getKey().startsWith("mma.")).mapToLong(Map.Entry::getValue).sum();
    double moves = counts.opcodes().entrySet().stream().filter(entry -> entry.getKey().matches("mov\\..*|cvta.*")).mapToLong(Map.Entry::getValue).sum();
    return new Roofline(counts.kernel(), size, leastBytes, scale * 32 * (counts.globalSectorsRead() + counts.globalSectorsWritten()),
        scale * (counts.instructions() - moves), scale * products * FLOPS_OF_MMA_LANE);
  }

  String line() {
    double memory = leastBytes / BYTES_PER_SECOND * 1e6;
    double issue = instructions / LANES_PER_SECOND * 1e6;
    double tensor = tensorFlops / TENSOR_FLOPS_PER_SECOND * 1e6;
    String bound = memory >= issue && memory >= tensor ? "memory" : issue >= tensor ? "instructions" : "tensor cores";
    return String.format(Locale.ROOT, "| %s | %s | %.2f | %.2f | %.1f | %.1f | %.1f | %.1f | %s |", kernel, size, leastBytes / 1e6, bytes / 1e6,
        instructions / 1e6, memory, issue, tensor, bound);
  }
}
