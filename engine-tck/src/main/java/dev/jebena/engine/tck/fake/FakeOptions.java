package dev.jebena.engine.tck.fake;

import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.SlotSettings;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * How the fake backend behaves.
 *
 * @param pipelineDepth steps in flight
 * @param pause runs within each step, on the thread that awaits it
 * @param rowFailure which sampled rows fail
 */
public record FakeOptions(int pipelineDepth, Runnable pause, RowFailure rowFailure) {

  /** One step in flight, no pause, no failures. */
  public static final FakeOptions DEFAULTS = new FakeOptions(1, () -> {}, (settings, position) -> Optional.empty());

  /** Which sampled rows fail. */
  @FunctionalInterface
  public interface RowFailure {

    /** How the row fails that samples the token at {@code position}; empty if it does not. */
    Optional<RowStatus> failureAt(SlotSettings settings, int position);
  }

  public FakeOptions withPipelineDepth(int steps) {
    return new FakeOptions(steps, pause, rowFailure);
  }

  /** Every step lasts this long. */
  public FakeOptions withStepTime(Duration time) {
    return withPause(() -> LockSupport.parkNanos(time.toNanos()));
  }

  /** Every step runs this. */
  public FakeOptions withPause(Runnable newPause) {
    return new FakeOptions(pipelineDepth, newPause, rowFailure);
  }

  public FakeOptions withRowFailure(RowFailure failure) {
    return new FakeOptions(pipelineDepth, pause, failure);
  }
}
