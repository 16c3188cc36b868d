package dev.jebena.cuda.emulator.ptx;

import java.util.Map;
import java.util.TreeMap;

/**
 * What the launches of a kernel in one shape did, counted and added up.
 *
 * @param instructions PTX instructions executed, by thread
 * @param flops floating-point operations (a fused multiply-add is two), those of tensor cores and dot products of bytes among them
 * @param globalBytesRead bytes that threads asked for from global memory; a value that all threads of a warp read counts for each
 * @param globalSectorsRead sectors of 32 bytes that warps asked for, which is nearer to what moves
 * @param opcodes executions by opcode, by thread
 */
public record LaunchCounts(String kernel, Grid.Shape shape, long launches, long instructions, long flops, long globalBytesRead,
    long globalBytesWritten, long globalSectorsRead, long globalSectorsWritten, Map<String, Long> opcodes) {

  static LaunchCounts of(Kernel kernel, Grid.Shape shape, long launches, Statistics statistics) {
    long instructions = 0;
    long flops = 0;
    Map<String, Long> opcodes = new TreeMap<>();
    for (int i = 0; i < kernel.steps.length; i++) {
      long count = statistics.laneSteps[i];
      if (count == 0) {
        continue;
      }
      instructions += count;
      flops += count * kernel.steps[i].flops;
      opcodes.merge(kernel.opcode(i), count, Long::sum);
    }
    return new LaunchCounts(kernel.name, shape, launches, instructions, flops, statistics.bytesRead, statistics.bytesWritten, statistics.sectorsRead,
        statistics.sectorsWritten, opcodes);
  }
}
