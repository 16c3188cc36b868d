package dev.jebena.cuda;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Program;
import java.util.List;

/**
 * Where keys and values lie within a block of the cache: layer after layer, each with the keys of all heads, then the values. A head's
 * tokens are rows of a multiple of 16 bytes.
 */
final class KvLayout {

  private static final int ROW_ALIGNMENT = 16;
  private static final int CODES = 32;

  private final KvFormat format;
  private final List<KvGroup> groups;
  private final long[][] layerOffsets;
  private final long blockBytes;

  KvLayout(Program program, KvFormat format) {
    this.format = format;
    this.groups = program.kvGroups();
    this.layerOffsets = new long[groups.size()][];
    long largest = 0;
    for (int group = 0; group < groups.size(); group++) {
      List<KvGroup.CacheLayer> layers = groups.get(group).layers();
      layerOffsets[group] = new long[layers.size()];
      long at = 0;
      for (int layer = 0; layer < layers.size(); layer++) {
        layerOffsets[group][layer] = at;
        KvGroup.CacheLayer each = layers.get(layer);
        at += (long) each.kvHeads() * format.blockTokens() * (rowBytes(each.keyDim()) + rowBytes(each.valueDim()));
      }
      largest = Math.max(largest, at);
    }
    this.blockBytes = largest;
  }

  /** Bytes of one token's columns of one head. */
  long rowBytes(int columns) {
    long bytes = switch (format.type()) {
      case F32 -> 4L * columns;
      case F16, BF16 -> 2L * columns;
      case Q8_0 -> Math.ceilDiv(columns, CODES) * (CODES + 2L);
      case FP8 -> columns;
    };
    return Math.ceilDiv(bytes, ROW_ALIGNMENT) * ROW_ALIGNMENT;
  }

  KvType type() {
    return format.type();
  }

  int blockTokens() {
    return format.blockTokens();
  }

  int groups() {
    return groups.size();
  }

  KvGroup.CacheLayer layer(int group, int layer) {
    return groups.get(group).layers().get(layer);
  }

  long layerOffset(int group, int layer) {
    return layerOffsets[group][layer];
  }

  /** Bytes of a block; all groups draw blocks of this size. */
  long blockBytes() {
    return blockBytes;
  }
}
