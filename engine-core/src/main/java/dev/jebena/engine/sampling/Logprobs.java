package dev.jebena.engine.sampling;

import java.util.Arrays;

/**
 * Log-probabilities of one row of logits under the model's own distribution: before bias, penalties and temperature. One thread
 * uses an instance.
 *
 * <p>Equal logits rank by id, the lower first, as everywhere in this package.
 */
public final class Logprobs {

  private final int vocabularySize;
  private final float[] scratch = Exponential.scratch();
  private float largest;
  private double logSum;
  /** The best tokens seen: while collecting a heap with the worst on top, then sorted, the worst first. */
  private long[] top = new long[0];
  private int topCount;

  /** Log-probabilities of rows of {@code vocabularySize} logits. */
  public Logprobs(int vocabularySize) {
    this.vocabularySize = vocabularySize;
  }

  /**
   * Measures a row: its softmax's denominator and its best tokens.
   *
   * @param logits holds the row from {@code offset}; not changed
   * @param wantedTop how many of the most likely tokens to find
   * @return whether all logits are finite; the figures are valid only then
   */
  public boolean measure(float[] logits, int offset, int wantedTop) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabularySize; i++) {
      float logit = logits[offset + i];
      if (!(Math.abs(logit) <= Float.MAX_VALUE)) {
        return false;
      }
      if (logit > max) {
        max = logit;
      }
    }
    largest = max;
    logSum = StrictMath.log(Exponential.sumOfWeights(logits, offset, vocabularySize, max, scratch));
    findTop(logits, offset, Math.min(wantedTop, vocabularySize));
    return true;
  }

  /** The log-probability of a token with the logit {@code logit} of the row measured last. */
  public float of(float logit) {
    return (float) ((double) logit - largest - logSum);
  }

  /** Where {@code token} stands among the tokens of a row: 1 for the most likely. */
  public int rank(float[] logits, int offset, int token) {
    float logit = logits[offset + token];
    int rank = 1;
    for (int i = 0; i < vocabularySize; i++) {
      float other = logits[offset + i];
      if (other > logit || other == logit && i < token) {
        rank++;
      }
    }
    return rank;
  }

  /** How many of the most likely tokens were found. */
  public int topCount() {
    return topCount;
  }

  /** The {@code index}-th most likely token. */
  public int topToken(int index) {
    return PartialOrder.token(top[topCount - 1 - index]);
  }

  /** Its log-probability. */
  public float topLogprob(int index) {
    return of(PartialOrder.logit(top[topCount - 1 - index]));
  }

  private void findTop(float[] logits, int offset, int wanted) {
    topCount = wanted;
    if (wanted == 0) {
      return;
    }
    if (top.length < wanted) {
      top = new long[wanted];
    }
    Arrays.fill(top, 0, wanted, Long.MIN_VALUE);
    float bound = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabularySize; i++) {
      float logit = logits[offset + i];
      if (logit > bound || i < wanted) {
        replaceWorst(PartialOrder.key(logit, i), wanted);
        bound = i < wanted - 1 ? Float.NEGATIVE_INFINITY : PartialOrder.logit(top[0]);
      }
    }
    Arrays.sort(top, 0, wanted);
  }

  /** Puts a key in the place of the worst of the heap and lets it sink. */
  private void replaceWorst(long key, int count) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= count) {
        break;
      }
      if (child + 1 < count && top[child + 1] < top[child]) {
        child++;
      }
      if (top[child] >= key) {
        break;
      }
      top[at] = top[child];
      at = child;
    }
    top[at] = key;
  }
}
