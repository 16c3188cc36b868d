package dev.jebena.engine.backend;

import dev.jebena.engine.sampling.Logprobs;
import dev.jebena.engine.sampling.Sampler;
import dev.jebena.engine.sampling.SamplingState;

/**
 * Turns a row of logits into the row's result: log-probabilities, and the token that it samples or scores. One thread uses an
 * instance; several threads may finish different rows of one step.
 */
public final class OutputSampler {

  private static final int NO_LOGPROBS = -1;

  private final SlotTable table;
  private final int vocabularySize;
  private final Sampler sampler;
  private final Logprobs logprobs;
  private float[] raw = new float[0];

  /** A sampler of the output rows of {@code table}. */
  public OutputSampler(SlotTable table) {
    this.table = table;
    this.vocabularySize = table.vocabularySize();
    this.sampler = new Sampler(vocabularySize);
    this.logprobs = new Logprobs(vocabularySize);
  }

  /**
   * Finishes an output row of the current step. When all rows are finished, {@link SlotTable#appendSampled} takes the tokens
   * over.
   *
   * @param output index of the row among the outputs
   * @param logits holds the row from {@code offset}, {@link SlotTable#vocabularySize()} of them; may be overwritten
   * @param result was reset to the outputs of the step
   */
  public void finish(int output, float[] logits, int offset, StepResult result) {
    int slot = table.outputSlot()[output];
    SlotSettings settings = table.settings(slot);
    int next = table.outputNext()[output];
    if (next == SlotTable.SAMPLES) {
      sample(output, logits, offset, settings.topLogprobs(), result);
    } else {
      int top = next(output) < settings.promptTokens() ? settings.topPromptLogprobs() : settings.topLogprobs();
      score(output, next, logits, offset, top, result);
    }
  }

  private int next(int output) {
    return table.outputPosition()[output] + 1;
  }

  private void score(int output, int token, float[] logits, int offset, int top, StepResult result) {
    result.token(output, token);
    if (top == NO_LOGPROBS) {
      return;
    }
    if (!logprobs.measure(logits, offset, top)) {
      result.fail(output, RowStatus.NON_FINITE);
      return;
    }
    report(output, token, logits, offset, result);
  }

  private void sample(int output, float[] logits, int offset, int top, StepResult result) {
    SamplingState state = table.sampling(table.outputSlot()[output]);
    float[] kept = logits;
    int keptOffset = offset;
    if (top != NO_LOGPROBS) {
      if (!logprobs.measure(logits, offset, top)) {
        result.fail(output, RowStatus.NON_FINITE);
        return;
      }
      if (!state.isPlainArgmax()) {
        kept = copyOf(logits, offset);
        keptOffset = 0;
      }
    }
    switch (sampler.choose(logits, offset, state, next(output))) {
      case NON_FINITE -> result.fail(output, RowStatus.NON_FINITE);
      case NO_ALLOWED_TOKEN -> result.fail(output, RowStatus.NO_ALLOWED_TOKEN);
      case OK -> {
        result.token(output, sampler.token());
        if (top != NO_LOGPROBS) {
          report(output, sampler.token(), kept, keptOffset, result);
        }
      }
    }
  }

  private float[] copyOf(float[] logits, int offset) {
    if (raw.length == 0) {
      raw = new float[vocabularySize];
    }
    System.arraycopy(logits, offset, raw, 0, vocabularySize);
    return raw;
  }

  private void report(int output, int token, float[] logits, int offset, StepResult result) {
    result.logprob(output, logprobs.of(logits[offset + token]), logprobs.rank(logits, offset, token));
    result.topCount(output, logprobs.topCount());
    for (int i = 0; i < logprobs.topCount(); i++) {
      result.top(output, i, logprobs.topToken(i), logprobs.topLogprob(i));
    }
  }
}
