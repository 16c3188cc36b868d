package dev.jebena.cpu;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the time of the steps goes, stage by stage: the time at which each stage opens is noted, so that a stage's share holds its work and
 * the waiting for the last of its chunks. Kept by number of rows; printed to standard error when the Executable closes.
 *
 * <p>Off unless the property {@code jebena.stageTimes} is set, and then not in the stages themselves: it stands between the team and its work.
 */
final class StageTimes {

  private static final String PROPERTY = "jebena.stageTimes";

  /** Times of one kind of step. */
  private static final class Sums {
    final Map<String, long[]> kinds = new TreeMap<>();
    long steps;
    long nanos;
  }

  private final Map<Integer, Sums> byRows = new TreeMap<>();
  private long[] taken = new long[1024];
  private @Nullable String[] names = new String[1024];
  private int count;
  private long begun;

  /** Whether the property is set. */
  static boolean wanted() {
    return System.getProperty(PROPERTY) != null;
  }

  /** A step begins. */
  void begin() {
    count = 0;
    begun = System.nanoTime();
  }

  private void note(String name) {
    if (count == taken.length) {
      taken = Arrays.copyOf(taken, 2 * count);
      names = Arrays.copyOf(names, 2 * count);
    }
    names[count] = name;
    taken[count++] = System.nanoTime();
  }

  /** The step has ended. */
  void end(int rows) {
    long now = System.nanoTime();
    Sums sums = byRows.computeIfAbsent(rows, key -> new Sums());
    sums.steps++;
    sums.nanos += now - begun;
    for (int i = 0; i < count; i++) {
      long[] sum = sums.kinds.computeIfAbsent(Objects.requireNonNull(names[i]), key -> new long[2]);
      sum[0] += (i + 1 < count ? taken[i + 1] : now) - taken[i];
      sum[1]++;
    }
  }

  /** Work whose stages are noted as they open. */
  Team.Work noting(List<Team.Stage> stages) {
    Team.Stage[] array = stages.toArray(Team.Stage[]::new);
    String[] named = stages.stream().map(Team.Stage::name).toArray(String[]::new);
    return new Team.Work() {
      @Override
      public int stages() {
        return array.length;
      }

      @Override
      public Team.Stage stage(int index) {
        note(named[index]);
        return array[index];
      }
    };
  }

  /** Prints the means. */
  void print() {
    byRows.forEach((rows, sums) -> {
      System.err.printf(Locale.ROOT, "%d rows: %d steps of %.3f ms%n", rows, sums.steps, sums.nanos / 1e6 / sums.steps);
      long[] all = new long[1];
      sums.kinds.forEach((name, sum) -> {
        all[0] += sum[0];
        System.err.printf(Locale.ROOT, "  %-44s %7.2f us x %5.1f  %5.1f %%%n", name, sum[0] / 1e3 / sum[1],
            sum[1] / (double) sums.steps, 100.0 * sum[0] / sums.nanos);
      });
      System.err.printf(Locale.ROOT, "  %-44s %28.1f %%%n", "all", 100.0 * all[0] / sums.nanos);
    });
  }
}
