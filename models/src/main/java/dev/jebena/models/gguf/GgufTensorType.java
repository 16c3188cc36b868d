package dev.jebena.models.gguf;

import dev.jebena.engine.weight.BlockType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A tensor type of GGUF, known or not: a file may hold tensors that nobody asks for.
 *
 * @param id its number in the file
 * @param name its name, for example {@code Q4_K}
 * @param blockElements elements of a block; 0 if unknown
 * @param blockBytes bytes of a block; 0 if unknown
 * @param block how the engine decodes it; empty if it cannot
 */
public record GgufTensorType(int id, String name, int blockElements, int blockBytes, Optional<BlockType> block) {

  private static final List<GgufTensorType> KNOWN = List.of(
      decoded(0, BlockType.F32),
      decoded(1, BlockType.F16),
      decoded(2, BlockType.Q4_0),
      decoded(3, BlockType.Q4_1),
      removed(4, "Q4_2"),
      removed(5, "Q4_3"),
      decoded(6, BlockType.Q5_0),
      decoded(7, BlockType.Q5_1),
      decoded(8, BlockType.Q8_0),
      sized(9, "Q8_1", 32, 36),
      sized(10, "Q2_K", 256, 84),
      sized(11, "Q3_K", 256, 110),
      decoded(12, BlockType.Q4_K),
      decoded(13, BlockType.Q5_K),
      decoded(14, BlockType.Q6_K),
      sized(15, "Q8_K", 256, 292),
      sized(16, "IQ2_XXS", 256, 66),
      sized(17, "IQ2_XS", 256, 74),
      sized(18, "IQ3_XXS", 256, 98),
      sized(19, "IQ1_S", 256, 50),
      sized(20, "IQ4_NL", 32, 18),
      sized(21, "IQ3_S", 256, 110),
      sized(22, "IQ2_S", 256, 82),
      sized(23, "IQ4_XS", 256, 136),
      sized(24, "I8", 1, 1),
      sized(25, "I16", 1, 2),
      sized(26, "I32", 1, 4),
      sized(27, "I64", 1, 8),
      sized(28, "F64", 1, 8),
      sized(29, "IQ1_M", 256, 56),
      decoded(30, BlockType.BF16),
      removed(31, "Q4_0_4_4"),
      removed(32, "Q4_0_4_8"),
      removed(33, "Q4_0_8_8"),
      sized(34, "TQ1_0", 256, 54),
      sized(35, "TQ2_0", 256, 66),
      removed(36, "IQ4_NL_4_4"),
      removed(37, "IQ4_NL_4_8"),
      removed(38, "IQ4_NL_8_8"),
      sized(39, "MXFP4", 32, 17));

  /** The type of a number in a file; numbers that the format's specification does not have get a name that says so. */
  public static GgufTensorType of(int id) {
    return id >= 0 && id < KNOWN.size() ? KNOWN.get(id) : removed(id, "of unknown number " + Integer.toUnsignedString(id));
  }

  /** The type that stores blocks of {@code block}. */
  public static GgufTensorType of(BlockType block) {
    return KNOWN.stream()
        .filter(type -> type.block().equals(Optional.of(block)))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("GGUF has no type " + block));
  }

  /** Names of the types that the engine can use. */
  public static List<String> usableNames() {
    return Arrays.stream(BlockType.values()).map(BlockType::name).toList();
  }

  private static GgufTensorType decoded(int id, BlockType block) {
    return new GgufTensorType(id, block.name(), block.elements(), block.bytes(), Optional.of(block));
  }

  private static GgufTensorType sized(int id, String name, int elements, int bytes) {
    return new GgufTensorType(id, name, elements, bytes, Optional.empty());
  }

  private static GgufTensorType removed(int id, String name) {
    return new GgufTensorType(id, name, 0, 0, Optional.empty());
  }
}
