package dev.jebena.engine.program;

import java.util.List;

/**
 * Layers whose keys and values are cached alike and share block tables. All groups draw blocks from one pool.
 *
 * @param layers one entry for each cache layer, in order
 */
public record KvGroup(List<CacheLayer> layers) {

  public KvGroup {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new ProgramException("a KV group has no layers");
    }
  }

  /**
   * What one layer caches for each token.
   *
   * @param kvHeads key and value heads
   * @param keyDim columns of a key head
   * @param valueDim columns of a value head
   */
  public record CacheLayer(int kvHeads, int keyDim, int valueDim) {

    public CacheLayer {
      if (kvHeads <= 0 || keyDim <= 0 || valueDim <= 0) {
        throw new ProgramException("a cache layer has " + kvHeads + " heads of " + keyDim + " and " + valueDim + " columns");
      }
    }

    /** Cached elements for each token, keys and values together. */
    public int elementsPerToken() {
      return kvHeads * (keyDim + valueDim);
    }
  }
}
