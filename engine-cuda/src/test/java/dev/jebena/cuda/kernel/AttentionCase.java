package dev.jebena.cuda.kernel;

import dev.jebena.engine.backend.KvType;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Sequences with random block tables over a random cache, their queries, and attention over them in double. */
final class AttentionCase {

  final CacheImage cache;
  final int heads;
  final int tableStride;
  final int[] table;
  final int window;
  final float softCap;
  final float scale;
  /** One for each head; null: none. */
  float @Nullable [] sinks;

  AttentionCase(Random random, KvType type, int heads, int kvHeads, int keyDim, int valueDim, int sequences, int maxContext, int window, float softCap) {
    int blockTokens = 1 + random.nextInt(20);
    this.tableStride = Math.ceilDiv(maxContext, blockTokens) + 1;
    this.cache = new CacheImage(type, kvHeads, keyDim, valueDim, blockTokens, 9);
    this.heads = heads;
    this.window = window;
    this.softCap = softCap;
    this.scale = (float) (1 / Math.sqrt(keyDim));
    this.table = new int[sequences * tableStride];
    for (int i = 0; i < table.length; i++) {
      table[i] = 1 + random.nextInt(8);
    }
    cache.fill(random);
  }

  /** The result of one head of one row. */
  double[] attend(float[] q, int queryAt, int head, int sequence, int position) {
    int first = window > 0 ? Math.max(0, position - window + 1) : 0;
    int kvHead = head / (heads / cache.kvHeads);
    double[] scores = new double[position + 1];
    double largest = Double.NEGATIVE_INFINITY;
    for (int t = first; t <= position; t++) {
      int at = cache.keyAt(block(sequence, t), kvHead, t % cache.blockTokens);
      double sum = 0;
      for (int i = 0; i < cache.keyDim; i++) {
        sum += (double) q[queryAt + i] * cache.read(at, i, cache.keyDim);
      }
      scores[t] = softCap > 0 ? softCap * Math.tanh(sum * scale / softCap) : sum * scale;
      largest = Math.max(largest, scores[t]);
    }
    double[] out = new double[cache.valueDim];
    double total = 0;
    for (int t = first; t <= position; t++) {
      double weight = Math.exp(scores[t] - largest);
      total += weight;
      int at = cache.valueAt(block(sequence, t), kvHead, t % cache.blockTokens);
      for (int i = 0; i < out.length; i++) {
        out[i] += weight * cache.read(at, i, cache.valueDim);
      }
    }
    for (int i = 0; i < out.length; i++) {
      out[i] /= total + (sinks == null ? 0 : Math.exp(sinks[head] - largest));
    }
    return out;
  }

  /** The same with sinks around the scores' size. */
  AttentionCase withSinks(Random random) {
    sinks = Floats.random(random, heads);
    return this;
  }

  long sinks(KernelBench bench) {
    return sinks == null ? 0L : bench.floats(sinks);
  }

  private int block(int sequence, int position) {
    return table[sequence * tableStride + position / cache.blockTokens];
  }

  /** The arguments that both kernels begin with. */
  Object[] arguments(KernelBench bench, long out, int outStride, long q, int qStride, Object... rest) {
    Object[] first = {
      out, outStride, q, qStride, heads, cache.kvHeads, cache.keyDim, cache.valueDim, scale, window, softCap, sinks(bench), bench.bytes(cache.bytes.array()),
      cache.blockBytes(), cache.layerOffset(), cache.blockTokens, bench.ints(table), tableStride
    };
    Object[] all = java.util.Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    return all;
  }
}
