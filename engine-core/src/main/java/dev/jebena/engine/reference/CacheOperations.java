package dev.jebena.engine.reference;

import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Op;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The operations over the KV cache. Attention reads every key and value through the cache's type, those of its own step too, one
 * position after the other, so that the bits of a row do not depend on how the sequence was cut into steps or blocks.
 */
final class CacheOperations {

  private final SlotTable table;
  private final ReferenceCache cache;
  private final Scratch scratch;

  CacheOperations(SlotTable table, ReferenceCache cache, Scratch scratch) {
    this.table = table;
    this.cache = cache;
    this.scratch = scratch;
  }

  void write(Op.KvWrite write, Matrix key, Matrix value) {
    CacheLayout.LayerLayout layer = cache.layout().layer(write.group(), write.cacheLayer());
    int keyDim = key.columns() / layer.kvHeads();
    int valueDim = value.columns() / layer.kvHeads();
    KvCodec codec = cache.layout().codec();
    for (int row = 0; row < table.rows(); row++) {
      int position = table.rowPosition()[row];
      long block = blockStart(table.rowSlot()[row], write.group(), position);
      int within = position % cache.layout().blockTokens();
      for (int head = 0; head < layer.kvHeads(); head++) {
        codec.write(key.data(), key.row(row) + head * keyDim, keyDim, cache.segment(), layer.key(block, within, head));
        codec.write(value.data(), value.row(row) + head * valueDim, valueDim, cache.segment(), layer.value(block, within, head));
      }
    }
  }

  /** See {@link Op.Attention}; {@code sinks} has one score for each head, null: none. */
  void attend(Op.Attention attention, float @Nullable [] sinks, Matrix query, Matrix out) {
    for (int row = 0; row < table.rows(); row++) {
      for (int head = 0; head < attention.heads(); head++) {
        attend(attention, sinks == null ? Float.NEGATIVE_INFINITY : sinks[head], row, head, query, out);
      }
    }
  }

  private void attend(Op.Attention attention, float sink, int row, int head, Matrix query, Matrix out) {
    int position = table.rowPosition()[row];
    int slot = table.rowSlot()[row];
    int first = firstSeen(attention.mask(), position);
    int kvHead = head / (attention.heads() / attention.kvHeads());
    CacheLayout.LayerLayout layer = cache.layout().layer(attention.group(), attention.cacheLayer());
    KvCodec codec = cache.layout().codec();
    int blockTokens = cache.layout().blockTokens();
    float[] scores = scratch.scores;

    int queryAt = query.row(row) + head * attention.headDim();
    float largest = sink;
    for (int t = first; t <= position; t++) {
      long block = blockStart(slot, attention.group(), t);
      codec.read(cache.segment(), layer.key(block, t % blockTokens, kvHead), attention.headDim(), scratch.head);
      float score = RowOperations.dot(query.data(), queryAt, scratch.head, 0, attention.headDim()) * attention.scale();
      if (attention.softCap() > 0) {
        score = ElementFunctions.softCap(score, attention.softCap());
      }
      scores[t - first] = score;
      largest = Math.max(largest, score);
    }

    int outAt = out.row(row) + head * attention.valueDim();
    Arrays.fill(out.data(), outAt, outAt + attention.valueDim(), 0);
    double sum = sink == Float.NEGATIVE_INFINITY ? 0 : (float) Math.exp(sink - largest);
    for (int t = first; t <= position; t++) {
      float weight = (float) Math.exp(scores[t - first] - largest);
      sum += weight;
      long block = blockStart(slot, attention.group(), t);
      codec.read(cache.segment(), layer.value(block, t % blockTokens, kvHead), attention.valueDim(), scratch.head);
      for (int i = 0; i < attention.valueDim(); i++) {
        out.data()[outAt + i] += weight * scratch.head[i];
      }
    }
    float inverse = (float) (1 / sum);
    for (int i = 0; i < attention.valueDim(); i++) {
      out.data()[outAt + i] *= inverse;
    }
  }

  private static int firstSeen(AttentionMask mask, int position) {
    return switch (mask) {
      case AttentionMask.Causal() -> 0;
      case AttentionMask.SlidingWindow(int tokens) -> Math.max(0, position - tokens + 1);
    };
  }

  private long blockStart(int slot, int group, int position) {
    return cache.blockStart(table.blocks(slot, group)[position / cache.layout().blockTokens()]);
  }
}
