package dev.jebena.server.cli;

import dev.jebena.engine.EngineListener;
import java.util.ArrayList;
import java.util.List;

/** Remembers the steps that an engine ran. */
final class StepLog implements EngineListener {

  private final List<Entry> steps = new ArrayList<>();

  /**
   * A step.
   *
   * @param endNanos when it ended
   */
  record Entry(StepTimings timings, long endNanos) {

    long startNanos() {
      return endNanos - timings.totalNanos();
    }
  }

  @Override
  public synchronized void step(StepTimings timings) {
    steps.add(new Entry(timings, System.nanoTime()));
  }

  /** The steps since the last call. */
  synchronized List<Entry> drain() {
    List<Entry> drained = List.copyOf(steps);
    steps.clear();
    return drained;
  }
}
