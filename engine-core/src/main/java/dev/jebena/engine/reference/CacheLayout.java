package dev.jebena.engine.reference;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.program.KvGroup;
import java.util.List;

/**
 * Where a key or value head lies within a block. A block belongs to one group at a time; all groups' blocks have the size of the
 * largest. Within it come the layers, within a layer the tokens, for each token the key heads and then the value heads.
 */
final class CacheLayout {

  private final List<KvGroup> groups;
  private final KvCodec codec;
  private final int blockTokens;
  private final long blockBytes;

  CacheLayout(List<KvGroup> groups, KvFormat format) {
    this.groups = groups;
    this.codec = KvCodec.of(format.type());
    this.blockTokens = format.blockTokens();
    long largest = 0;
    for (KvGroup group : groups) {
      largest = Math.max(largest, group.layers().stream().mapToLong(this::tokenBytes).sum() * blockTokens);
    }
    this.blockBytes = largest;
  }

  KvCodec codec() {
    return codec;
  }

  int blockTokens() {
    return blockTokens;
  }

  long blockBytes() {
    return blockBytes;
  }

  /** The place of one layer's tokens within a block. */
  LayerLayout layer(int group, int cacheLayer) {
    List<KvGroup.CacheLayer> layers = groups.get(group).layers();
    long before = layers.subList(0, cacheLayer).stream().mapToLong(this::tokenBytes).sum() * blockTokens;
    return new LayerLayout(before, tokenBytes(layers.get(cacheLayer)), codec.bytes(layers.get(cacheLayer).keyDim()),
        codec.bytes(layers.get(cacheLayer).valueDim()), layers.get(cacheLayer).kvHeads());
  }

  private long tokenBytes(KvGroup.CacheLayer layer) {
    return layer.kvHeads() * (codec.bytes(layer.keyDim()) + codec.bytes(layer.valueDim()));
  }

  /**
   * One layer within a block.
   *
   * @param offset bytes before the layer's first token
   * @param tokenBytes bytes of a token
   * @param keyBytes bytes of a key head
   * @param valueBytes bytes of a value head
   */
  record LayerLayout(long offset, long tokenBytes, long keyBytes, long valueBytes, int kvHeads) {

    long key(long blockStart, int within, int head) {
      return blockStart + offset + within * tokenBytes + head * keyBytes;
    }

    long value(long blockStart, int within, int head) {
      return blockStart + offset + within * tokenBytes + kvHeads * keyBytes + head * valueBytes;
    }
  }
}
