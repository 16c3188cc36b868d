package dev.jebena.benchmarks.model;

import dev.jebena.engine.weight.BlockType;
import java.util.Arrays;
import java.util.Locale;

/**
 * Which tensor has which type.
 *
 * @param most matrices of the layers
 * @param more values and the network's last matrix in the layers that a mix treats better; the same as {@code most} without a mix
 * @param head the token embedding, which is the head too
 */
public record TypeMix(String name, BlockType most, BlockType more, BlockType head) {

  /**
   * The mix of a name: a type, or {@code Q4_K_M} and {@code Q5_K_M}. Like llama.cpp's, quantised mixes keep the head at Q6_K, Q8_0 at Q8_0.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public static TypeMix of(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return switch (upper) {
      case "Q4_K_M" -> new TypeMix(upper, BlockType.Q4_K, BlockType.Q6_K, BlockType.Q6_K);
      case "Q5_K_M" -> new TypeMix(upper, BlockType.Q5_K, BlockType.Q6_K, BlockType.Q6_K);
      default -> plain(type(upper));
    };
  }

  private static TypeMix plain(BlockType type) {
    BlockType head = switch (type) {
      case F32, F16, BF16, Q8_0 -> type;
      case Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> BlockType.Q6_K;
    };
    return new TypeMix(type.name(), type, type, head);
  }

  /** The type of a name. */
  static BlockType type(String name) {
    return Arrays.stream(BlockType.values())
        .filter(type -> type.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "there is no type '" + name + "': use Q4_K_M, Q5_K_M or one of " + Arrays.toString(BlockType.values())));
  }

  TypeMix withHead(BlockType type) {
    return new TypeMix(name, most, more, type);
  }

  /** The type of a layer's matrix of {@code columns} columns; a type whose blocks do not fill a row gives way to Q8_0. */
  BlockType layer(int layer, int layers, String tensor, int columns) {
    boolean better = tensor.equals("attn_v") || tensor.equals("ffn_down");
    return fitting(better && isBetterLayer(layer, layers) ? more : most, columns);
  }

  BlockType head(int columns) {
    return fitting(head, columns);
  }

  /** The first and the last eighth, and every third layer between (llama.cpp's rule for its K mixes). */
  private static boolean isBetterLayer(int layer, int layers) {
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
  }

  private static BlockType fitting(BlockType type, int columns) {
    if (columns % type.elements() == 0) {
      return type;
    }
    if (columns % BlockType.Q8_0.elements() == 0) {
      return BlockType.Q8_0;
    }
    throw new IllegalArgumentException(columns + " columns do not fill blocks of " + type + " or Q8_0: use a multiple of 32");
  }
}
