package dev.jebena.engine.weight;

import java.util.Optional;

/** Where the bytes of a Program's weights come from, usually a memory-mapped file. Safe for use by several threads. */
@FunctionalInterface
public interface WeightSource {

  /**
   * The bytes of one weight, valid until the source's owner closes it.
   *
   * @throws IllegalArgumentException if the source has no weight of that name, shape and format
   */
  WeightView weight(WeightSpec spec);

  /** A text that tells the content of this source from that of any other, so that what was made of it can be kept; empty: unknown. */
  default Optional<String> identity() {
    return Optional.empty();
  }
}
