package dev.jebena.models.checkpoint;

import dev.jebena.engine.weight.BlockType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of a checkpoint.
 *
 * @param name its name in GGUF's words, for example {@code blk.0.attn_q.weight}
 * @param storedName its name in the file
 * @param dimensions sizes, the contiguous one first
 * @param typeName how the elements are stored, as the file calls it
 * @param type how the engine decodes it; empty if it cannot
 * @param data its bytes, valid until the checkpoint is closed
 */
public record StoredTensor(
    String name, String storedName, List<Long> dimensions, String typeName, Optional<BlockType> type, MemorySegment data) {

  public StoredTensor {
    dimensions = List.copyOf(dimensions);
  }

  /** Number of elements. */
  public long elements() {
    return dimensions.stream().reduce(1L, Math::multiplyExact);
  }
}
