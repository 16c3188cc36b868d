package dev.jebena.cpu;

import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Program;
import java.util.List;

/**
 * Where keys and values lie within a block of the cache: layer after layer, head after head; a head's keys as {@code [keyDim][tokens]},
 * so that the same column of neighbouring tokens is one vector, then its values as {@code [tokens][valueDim]}. With 8-bit codes each part is
 * followed by its scales: F16, one for 32 columns of a token, in the same order.
 */
final class KvLayout {

  /** Columns that share a scale in 8-bit caches. */
  static final int SCALE_COLUMNS = 32;

  private final KvFormat format;
  private final long[][] layerOffsets;
  private final List<KvGroup> groups;
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
        at += layers.get(layer).kvHeads() * headBytes(layers.get(layer));
      }
      largest = Math.max(largest, at);
    }
    blockBytes = (largest + 63) / 64 * 64;
  }

  KvType type() {
    return format.type();
  }

  int blockTokens() {
    return format.blockTokens();
  }

  KvGroup.CacheLayer layer(int group, int layer) {
    return groups.get(group).layers().get(layer);
  }

  /** Bytes of a block over all layers of a group; all groups draw blocks of this size. */
  long blockBytes() {
    return blockBytes;
  }

  /** Offset of a layer within a block. */
  long layerOffset(int group, int layer) {
    return layerOffsets[group][layer];
  }

  /** Bytes of one head's keys and values within a block. */
  long headBytes(KvGroup.CacheLayer layer) {
    return keyBytes(layer) + partBytes(layer.valueDim());
  }

  /** Bytes of one head's keys within a block. */
  long keyBytes(KvGroup.CacheLayer layer) {
    return partBytes(layer.keyDim());
  }

  private long partBytes(int columns) {
    long bytes = scalesOffset(columns);
    if (format.type() == KvType.Q8_0) {
      bytes += 2L * scales(columns) * blockTokens();
    }
    return (bytes + 63) / 64 * 64;
  }

  /** Offset of the scales from the codes of a part of {@code columns} columns. */
  long scalesOffset(int columns) {
    return (long) columns * elementBytes() * blockTokens();
  }

  /** Scales of a token's {@code columns} columns. */
  static int scales(int columns) {
    return (columns + SCALE_COLUMNS - 1) / SCALE_COLUMNS;
  }

  int elementBytes() {
    return switch (format.type()) {
      case F32 -> 4;
      case F16, BF16 -> 2;
      case Q8_0 -> 1;
      case FP8 -> throw noFp8();
    };
  }

  /** {@link CpuBackend#unsupported} has refused it before. */
  static IllegalStateException noFp8() {
    return new IllegalStateException("the cpu backend has no FP8 cache");
  }
}
