package dev.jebena.engine.sampling;

import java.util.Arrays;

/**
 * The tokens of one row that min-p, top-k and top-p leave, found without sorting the vocabulary.
 *
 * <p>Each of the three keeps the best so many tokens. So top-k can come first, on logits alone, and only its few tokens need a
 * weight; and tokens so unlikely that all of them together cannot hold the share that top-p leaves out need not be looked at.
 */
final class Candidates {

  private static final int MIN_BUFFER = 256;

  private final int vocabularySize;
  private long[] keys = new long[0];
  private int count;
  /** The weights of the candidates, by token. */
  private final float[] weights;
  private final double[] blockSums;

  Candidates(int vocabularySize) {
    this.vocabularySize = vocabularySize;
    this.weights = new float[vocabularySize];
    this.blockSums = new double[Exponential.blocks(vocabularySize)];
  }

  /**
   * Draws from a row.
   *
   * @param largest the row's largest
   * @param uniform in [0, 1)
   */
  int draw(float[] logits, int offset, float largest, SamplingParameters parameters, double uniform) {
    float temperature = parameters.temperature();
    int topK = parameters.topK();
    if (topK > 0 && topK < vocabularySize || parameters.minP() > 0) {
      if (topK > 0 && topK < vocabularySize) {
        collectBest(logits, offset, topK);
      } else {
        collectFrom(logits, offset, boundOf(parameters.minP(), largest, temperature));
      }
      weighCandidates(largest, temperature);
      dropBelow(parameters.minP());
      keepShare(parameters.topP(), weightOf(0, count));
    } else {
      System.arraycopy(logits, offset, weights, 0, vocabularySize);
      double total = Exponential.toWeights(weights, 0, vocabularySize, largest, temperature, blockSums);
      // half of what each of the tokens below top-p may hold at most: the sums are rounded
      double least = 0.5 * (1 - parameters.topP()) * total / vocabularySize;
      collectFrom(logits, offset, boundOf(least, largest, temperature));
      dropBelow(0);
      keepShare(parameters.topP(), total);
    }
    return drawByToken(uniform);
  }

  /** A logit of surely less than the weight {@code least}: what is below it needs no exponential function. */
  private static double boundOf(double least, float largest, float temperature) {
    return largest + temperature * (StrictMath.log(least) - 0.01);
  }

  /** Collects the {@code wanted} best: what is over the worst of the best so far, thinned out whenever there are too many. */
  private void collectBest(float[] logits, int offset, int wanted) {
    int limit = (int) Math.min(vocabularySize, Math.max(MIN_BUFFER, 4L * wanted));
    reserve(limit);
    count = 0;
    float bound = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabularySize; i++) {
      float logit = logits[offset + i];
      if (logit > bound) {
        if (count == limit) {
          PartialOrder.largestFirst(keys, count, wanted);
          count = wanted;
          long worst = keys[0];
          for (int kept = 1; kept < wanted; kept++) {
            worst = Math.min(worst, keys[kept]);
          }
          bound = PartialOrder.logit(worst);
          if (!(logit > bound)) {
            continue;
          }
        }
        keys[count++] = PartialOrder.key(logit, i);
      }
    }
    PartialOrder.largestFirst(keys, count, wanted);
    count = Math.min(count, wanted);
  }

  /** Collects the tokens with logits of at least {@code least}. */
  private void collectFrom(float[] logits, int offset, double least) {
    reserve(vocabularySize);
    count = 0;
    for (int i = 0; i < vocabularySize; i++) {
      if (logits[offset + i] >= least) {
        keys[count++] = PartialOrder.key(logits[offset + i], i);
      }
    }
  }

  private void weighCandidates(float largest, float temperature) {
    for (int i = 0; i < count; i++) {
      weights[PartialOrder.token(keys[i])] = Exponential.exp((PartialOrder.logit(keys[i]) - largest) / temperature);
    }
  }

  /** Drops the candidates with less than the weight {@code least}, or none. */
  private void dropBelow(float least) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      float weight = weights[PartialOrder.token(keys[i])];
      if (weight >= least && weight > 0) {
        keys[kept++] = keys[i];
      }
    }
    count = kept;
  }

  /**
   * Keeps the fewest best that reach {@code share} of {@code total}: a token stays if the weight of the better ones is under
   * that.
   */
  private void keepShare(float share, double total) {
    if (share >= 1) {
      return;
    }
    double target = total * share;
    double before = 0;
    int from = 0;
    int to = count;
    while (to - from > 1) {
      int border = PartialOrder.partition(keys, from, to);
      double reached = before + weightOf(from, border);
      if (reached >= target) {
        to = border;
      } else {
        before = reached;
        from = border;
      }
    }
    count = to;
  }

  private double weightOf(int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += weights[PartialOrder.token(keys[i])];
    }
    return sum;
  }

  private int drawByToken(double uniform) {
    for (int i = 0; i < count; i++) {
      keys[i] = PartialOrder.byToken(keys[i]);
    }
    Arrays.sort(keys, 0, count);
    for (int i = 0; i < count; i++) {
      keys[i] = PartialOrder.fromByToken(keys[i]);
    }
    double bound = uniform * weightOf(0, count);
    double reached = 0;
    for (int i = 0; i < count - 1; i++) {
      reached += weights[PartialOrder.token(keys[i])];
      if (reached > bound) {
        return PartialOrder.token(keys[i]);
      }
    }
    return PartialOrder.token(keys[count - 1]);
  }

  private void reserve(int size) {
    if (keys.length < size) {
      keys = new long[size];
    }
  }
}
