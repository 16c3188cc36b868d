package dev.jebena.engine.sampling;

import java.util.Arrays;

/**
 * Chooses a token from a row of logits: the specification of sampling. One thread uses an instance; it keeps scratch memory only,
 * so the choice depends on nothing but the arguments.
 *
 * <p>The order is vLLM's. (1) {@link SamplingState}: logit bias, ban of end tokens below the minimum length, repetition penalty
 * over prompt and output, frequency and presence penalty over the output. (2) Temperature 0 takes the largest logit, of equals
 * the lowest id. (3) Otherwise each token has the weight {@code exp((logit - largest) / temperature)}; min-p drops weights under
 * min-p; top-k keeps the k best; top-p keeps of these, from the best on, tokens until their share reaches top-p. "Better" is a
 * larger logit, of equals the lower id. (4) Going through the kept tokens by id, the first is taken at which the sum of weights
 * exceeds {@code u} times their total, with u the {@link Philox} number of the seed and the position of the new token.
 */
public final class Sampler {

  /** How a choice ended. */
  public enum Outcome {
    OK,
    /** A logit was infinite or not a number. */
    NON_FINITE,
    /** Every token was excluded. */
    NO_ALLOWED_TOKEN
  }

  private final int vocabularySize;
  private final Selection selection;
  private int token = -1;

  /** A sampler of rows of {@code vocabularySize} logits. */
  public Sampler(int vocabularySize) {
    if (vocabularySize < 1) {
      throw new IllegalArgumentException("a vocabulary of " + vocabularySize + " tokens: it must have one");
    }
    this.vocabularySize = vocabularySize;
    this.selection = new Selection(vocabularySize);
  }

  /** The token chosen last; meaningful after {@link Outcome#OK}. */
  public int token() {
    return token;
  }

  /**
   * Chooses the next token of a sequence.
   *
   * @param logits holds the row from {@code offset}; overwritten
   * @param position position that the token will have: the counter of the random number
   */
  public Outcome choose(float[] logits, int offset, SamplingState state, int position) {
    if (state.isPlainArgmax()) {
      token = argmax(logits, offset);
      return token < 0 ? Outcome.NON_FINITE : Outcome.OK;
    }
    if (argmax(logits, offset) < 0) {
      return Outcome.NON_FINITE;
    }
    state.adjust(logits, offset);
    int best = bestOf(logits, offset);
    if (logits[offset + best] == Float.NEGATIVE_INFINITY) {
      return Outcome.NO_ALLOWED_TOKEN;
    }
    if (logits[offset + best] == Float.POSITIVE_INFINITY) {
      return Outcome.NON_FINITE;
    }
    SamplingParameters parameters = state.parameters();
    if (parameters.isGreedy()) {
      token = best;
      return Outcome.OK;
    }
    toWeights(logits, offset, logits[offset + best], parameters.temperature());
    token = draw(logits, offset, parameters, Philox.uniform(parameters.seed(), position));
    return Outcome.OK;
  }

  /** The largest of a row's logits, of equals the lowest id; -1 if one is infinite or not a number. */
  private int argmax(float[] logits, int offset) {
    int best = 0;
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabularySize; i++) {
      float logit = logits[offset + i];
      if (!(Math.abs(logit) <= Float.MAX_VALUE)) {
        return -1;
      }
      if (logit > largest) {
        largest = logit;
        best = i;
      }
    }
    return best;
  }

  /** As {@link #argmax} for a row that was adjusted, and so may have negative infinities. */
  private int bestOf(float[] logits, int offset) {
    int best = 0;
    for (int i = 1; i < vocabularySize; i++) {
      if (logits[offset + i] > logits[offset + best]) {
        best = i;
      }
    }
    return best;
  }

  private void toWeights(float[] logits, int offset, float largest, float temperature) {
    for (int i = 0; i < vocabularySize; i++) {
      logits[offset + i] = Exponential.exp((logits[offset + i] - largest) / temperature);
    }
  }

  private int draw(float[] weights, int offset, SamplingParameters parameters, double uniform) {
    if (parameters.minP() > 0 || parameters.topK() > 0 || parameters.topP() < 1) {
      return selection.draw(weights, offset, parameters, uniform);
    }
    double bound = uniform * sum(weights, offset);
    double reached = 0;
    int last = 0;
    for (int i = 0; i < vocabularySize; i++) {
      float weight = weights[offset + i];
      reached += weight;
      if (reached > bound) {
        return i;
      }
      last = weight > 0 ? i : last;
    }
    return last;
  }

  private double sum(float[] weights, int offset) {
    double sum = 0;
    for (int i = 0; i < vocabularySize; i++) {
      sum += weights[offset + i];
    }
    return sum;
  }

  /** Narrows a row of weights by min-p, top-k and top-p without sorting the vocabulary, and draws. */
  private static final class Selection {

    private final int vocabularySize;
    /** A token and its weight in an order that is the tokens': a larger weight is larger, of equals the lower id is. */
    private long[] keys = new long[0];

    Selection(int vocabularySize) {
      this.vocabularySize = vocabularySize;
    }

    int draw(float[] weights, int offset, SamplingParameters parameters, double uniform) {
      int count = collect(weights, offset, parameters.minP());
      int topK = parameters.topK();
      if (topK > 0 && topK < count) {
        PartialOrder.largestFirst(keys, count, topK);
        count = topK;
      }
      if (parameters.topP() < 1) {
        count = PartialOrder.largestUntil(keys, count, parameters.topP());
      }
      return drawById(count, uniform);
    }

    /** The tokens that min-p keeps; a weight of zero cannot be drawn, so it never counts. */
    private int collect(float[] weights, int offset, float minP) {
      if (keys.length == 0) {
        keys = new long[vocabularySize];
      }
      int count = 0;
      for (int i = 0; i < vocabularySize; i++) {
        float weight = weights[offset + i];
        if (weight >= minP && weight > 0) {
          keys[count++] = PartialOrder.key(weight, i);
        }
      }
      return count;
    }

    private int drawById(int count, double uniform) {
      for (int i = 0; i < count; i++) {
        keys[i] = PartialOrder.idFirst(keys[i]);
      }
      Arrays.sort(keys, 0, count);
      double total = 0;
      for (int i = 0; i < count; i++) {
        total += PartialOrder.weightOfIdFirst(keys[i]);
      }
      double bound = uniform * total;
      double reached = 0;
      for (int i = 0; i < count - 1; i++) {
        reached += PartialOrder.weightOfIdFirst(keys[i]);
        if (reached > bound) {
          return PartialOrder.tokenOfIdFirst(keys[i]);
        }
      }
      return PartialOrder.tokenOfIdFirst(keys[count - 1]);
    }
  }
}
