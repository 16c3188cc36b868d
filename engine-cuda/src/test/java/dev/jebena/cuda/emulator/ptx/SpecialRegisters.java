package dev.jebena.cuda.emulator.ptx;

import java.util.Map;
import java.util.Set;

/** The registers that say where a thread is. They do not change while a block runs. */
final class SpecialRegisters {

  private static final Set<String> NAMES = Set.of("%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z",
      "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid", "%nwarpid", "%smid", "%nsmid", "%lanemask_lt", "%lanemask_le", "%lanemask_eq",
      "%lanemask_gt", "%lanemask_ge", "%dynamic_smem_size", "%total_smem_size", "%gridid");

  private SpecialRegisters() {}

  static boolean isOne(String name) {
    return NAMES.contains(name);
  }

  /** Puts the values for a warp into the registers that the kernel uses: all but those that differ from block to block. */
  static void fill(Map<String, Integer> registers, int[] r, int warp, Block block) {
    Grid.Shape shape = block.grid.shape;
    registers.forEach((name, index) -> {
      for (int lane = 0; lane < LaneLoop.LANES; lane++) {
        int thread = warp * LaneLoop.LANES + lane;
        r[index + lane] = switch (name) {
          case "%tid.x" -> thread % shape.blockX();
          case "%tid.y" -> thread / shape.blockX() % shape.blockY();
          case "%tid.z" -> thread / (shape.blockX() * shape.blockY());
          case "%ntid.x" -> shape.blockX();
          case "%ntid.y" -> shape.blockY();
          case "%ntid.z" -> shape.blockZ();
          case "%nctaid.x" -> shape.gridX();
          case "%nctaid.y" -> shape.gridY();
          case "%nctaid.z" -> shape.gridZ();
          case "%laneid" -> lane;
          case "%warpid" -> warp;
          case "%nwarpid" -> (shape.threads() + 31) / 32;
          case "%nsmid" -> 1;
          case "%lanemask_eq" -> 1 << lane;
          case "%lanemask_lt" -> (1 << lane) - 1;
          case "%lanemask_le" -> (1 << lane) - 1 | 1 << lane;
          case "%lanemask_gt" -> ~((1 << lane) - 1 | 1 << lane);
          case "%lanemask_ge" -> -(1 << lane);
          case "%dynamic_smem_size" -> shape.dynamicSharedBytes();
          case "%total_smem_size" -> shape.dynamicSharedBytes() + block.kernel.sharedBytes;
          default -> 0;
        };
      }
    });
  }
}
