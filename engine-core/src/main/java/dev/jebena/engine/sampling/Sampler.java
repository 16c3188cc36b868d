package dev.jebena.engine.sampling;

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
  private final Candidates candidates;
  private final double[] blockSums;
  private int token = -1;

  /** A sampler of rows of {@code vocabularySize} logits. */
  public Sampler(int vocabularySize) {
    if (vocabularySize < 1) {
      throw new IllegalArgumentException("a vocabulary of " + vocabularySize + " tokens: it must have one");
    }
    this.vocabularySize = vocabularySize;
    this.candidates = new Candidates(vocabularySize);
    this.blockSums = new double[Exponential.blocks(vocabularySize)];
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
    int best = argmax(logits, offset);
    if (best < 0) {
      return Outcome.NON_FINITE;
    }
    if (state.adjustsLogits()) {
      state.adjust(logits, offset);
      best = bestOf(logits, offset);
    }
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
    float largest = logits[offset + best];
    double uniform = Philox.uniform(parameters.seed(), position);
    token =
        parameters.minP() > 0 || parameters.topK() > 0 || parameters.topP() < 1
            ? candidates.draw(logits, offset, largest, parameters, uniform)
            : drawFromAll(logits, offset, largest, parameters.temperature(), uniform);
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

  private int drawFromAll(float[] row, int offset, float largest, float temperature, double uniform) {
    double bound = uniform * Exponential.toWeights(row, offset, vocabularySize, largest, temperature, blockSums);
    double reached = 0;
    int block = 0;
    while (block < blockSums.length - 1 && reached + blockSums[block] <= bound) {
      reached += blockSums[block++];
    }
    int last = 0;
    for (int i = Exponential.blockStart(block); i < vocabularySize; i++) {
      float weight = row[offset + i];
      reached += weight;
      if (reached > bound) {
        return i;
      }
      last = weight > 0 ? i : last;
    }
    return last;
  }
}
