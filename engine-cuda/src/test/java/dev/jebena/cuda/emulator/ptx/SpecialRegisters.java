package dev.jebena.cuda.emulator.ptx;

import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;

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
    registers.forEach((name, index) -> {
      IntUnaryOperator value = value(name, warp, block);
      for (int lane = 0; lane < LaneLoop.LANES; lane++) {
        r[index + lane] = value.applyAsInt(lane);
      }
    });
  }

  private static IntUnaryOperator value(String name, int warp, Block block) {
    Grid.Shape shape = block.grid.shape;
    int first = warp * LaneLoop.LANES;
    return switch (name) {
      case "%tid.x" -> lane -> (first + lane) % shape.blockX();
      case "%tid.y" -> lane -> (first + lane) / shape.blockX() % shape.blockY();
      case "%tid.z" -> lane -> (first + lane) / (shape.blockX() * shape.blockY());
      case "%ntid.x" -> lane -> shape.blockX();
      case "%ntid.y" -> lane -> shape.blockY();
      case "%ntid.z" -> lane -> shape.blockZ();
      case "%nctaid.x" -> lane -> shape.gridX();
      case "%nctaid.y" -> lane -> shape.gridY();
      case "%nctaid.z" -> lane -> shape.gridZ();
      case "%laneid" -> lane -> lane;
      case "%warpid" -> lane -> warp;
      case "%nwarpid" -> lane -> (shape.threads() + 31) / 32;
      case "%nsmid" -> lane -> 1;
      case "%lanemask_eq" -> lane -> 1 << lane;
      case "%lanemask_lt" -> lane -> (1 << lane) - 1;
      case "%lanemask_le" -> lane -> (1 << lane) - 1 | 1 << lane;
      case "%lanemask_gt" -> lane -> ~((1 << lane) - 1 | 1 << lane);
      case "%lanemask_ge" -> lane -> -(1 << lane);
      case "%dynamic_smem_size" -> lane -> shape.dynamicSharedBytes();
      case "%total_smem_size" -> lane -> shape.dynamicSharedBytes() + block.kernel.sharedBytes;
      default -> lane -> 0;
    };
  }
}
