package dev.jebena.engine.schedule;

import dev.jebena.engine.backend.StepPlan;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A planned step and whose runs are in it; reused after it was awaited. */
public final class ScheduledStep {

  private final StepPlan plan = new StepPlan();
  private @Nullable Sequence[] sequences = new Sequence[16];

  ScheduledStep() {}

  /** What the backend is asked to do. */
  public StepPlan plan() {
    return plan;
  }

  void reset(long step) {
    plan.reset(step);
  }

  void run(Sequence sequence, int start, int tokens, int outputs) {
    if (plan.runCount() == sequences.length) {
      sequences = Arrays.copyOf(sequences, 2 * sequences.length);
    }
    sequences[plan.runCount()] = sequence;
    plan.run(sequence.slot, start, tokens, outputs);
  }

  Sequence sequence(int run) {
    Sequence sequence = sequences[run];
    if (sequence == null) {
      throw new IllegalStateException("run " + run + " has no sequence");
    }
    return sequence;
  }

  /** Lets go of the sequences. */
  void clear() {
    Arrays.fill(sequences, 0, plan.runCount(), null);
  }
}
