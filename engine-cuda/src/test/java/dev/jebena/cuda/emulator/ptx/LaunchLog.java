package dev.jebena.cuda.emulator.ptx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Adds up what launches counted, by kernel and shape, in the order in which they were first seen. */
public final class LaunchLog {

  private record Key(Kernel kernel, Grid.Shape shape) {}

  private static final class Total {
    private long launches;
    private final Statistics statistics;

    Total(int steps) {
      statistics = new Statistics(steps);
    }
  }

  private final Map<Key, Total> totals = new LinkedHashMap<>();
  private long launches;

  synchronized void add(Kernel kernel, Grid.Shape shape, Statistics statistics) {
    Total total = totals.computeIfAbsent(new Key(kernel, shape), key -> new Total(kernel.steps.length));
    total.launches++;
    total.statistics.add(statistics);
    launches++;
  }

  /** Launches since the log began or was cleared. */
  public synchronized long launches() {
    return launches;
  }

  public synchronized void clear() {
    totals.clear();
    launches = 0;
  }

  /** What was counted, by kernel and shape. */
  public synchronized List<LaunchCounts> counts() {
    List<LaunchCounts> counts = new ArrayList<>();
    totals.forEach((key, total) -> counts.add(LaunchCounts.of(key.kernel(), key.shape(), total.launches, total.statistics)));
    return counts;
  }
}
