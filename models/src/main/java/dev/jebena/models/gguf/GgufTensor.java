package dev.jebena.models.gguf;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor in an opened file.
 *
 * @param name unique within the model
 * @param dimensions sizes, the contiguous one first, each positive
 * @param type how the elements are stored
 * @param offset first byte, from the beginning of its file
 * @param data its bytes, valid until the file is closed; to the end of the file if the type's size is unknown
 */
public record GgufTensor(String name, List<Long> dimensions, GgufTensorType type, long offset, MemorySegment data) {

  public GgufTensor {
    dimensions = List.copyOf(dimensions);
  }

  /** Number of elements. */
  public long elements() {
    return dimensions.stream().reduce(1L, Math::multiplyExact);
  }
}
