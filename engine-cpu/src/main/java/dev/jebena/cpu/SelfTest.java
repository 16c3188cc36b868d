package dev.jebena.cpu;

import dev.jebena.cpu.ProductKernel.Shape;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.weight.BlockType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/**
 * Times every kernel that fits, on small weights, which the caches hold: what is compared is the code that the JIT has made, not the memory.
 * Where the first of a type is clearly slower than another, the other takes its place and a warning says so.
 *
 * <p>Interpreted, plain loops are faster than vectors, so that a verdict over code that is not compiled yet would be the wrong way round. A
 * kernel counts as settled if it ran often while the JIT had next to nothing to do; only what is settled replaces, and is replaced.
 */
final class SelfTest {

  private static final System.Logger LOG = System.getLogger(SelfTest.class.getName());
  private static final int COLUMNS = 256;
  /** A kernel has to be so much faster to replace one that was expected to be faster: measurements vary. */
  private static final double CLEARLY = 1.25;
  /** The JIT counts as idle if it works less than one part in so many of the time. */
  private static final long BUSY_SHARE = 5;
  private static final double GIGA = 1e9;
  private static final String UNSETTLED = ", the JIT still at work";

  private final Team team;
  private final KernelTable table;
  private final Settling settling;
  private final int rows;

  /**
   * What came out.
   *
   * @param settled kernels whose figures are those of compiled code
   */
  record Result(List<BackendReport.Kernel> kernels, List<String> warnings, Ceilings ceilings, int settled) {

    boolean allSettled() {
      return settled == kernels.size();
    }

    Result {
      kernels = List.copyOf(kernels);
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * When a kernel is settled.
   *
   * @param runs that it has to have made in the second half of its time
   * @param compilationMillis what the JIT has worked so far, all its threads together
   */
  record Settling(int runs, LongSupplier compilationMillis) {

    /** As many runs as make the JIT compile any loop. */
    static final Settling BY_THE_JIT = new Settling(200, SelfTest::compilationMillis);
  }

  private record Timed(ProductKernel kernel, double seconds, boolean settled) {}

  /** How long one kernel is run, and when nothing more is begun that can be left out. */
  private record Time(long kernelNanos, long end) {}

  SelfTest(Team team, KernelTable table, Settling settling) {
    this.settling = settling;
    this.team = team;
    this.table = table;
    this.rows = team.size() * PackedFormat.GROUP_ROWS;
  }

  /**
   * Times the kernels of some types, chooses the fastest in the table, and tells JFR and the log.
   *
   * @param limitNanos about how long it may take; the more there is, the more of the code has been compiled when it is timed
   */
  Result run(Collection<BlockType> types, long limitNanos) {
    long start = System.nanoTime();
    Ceilings ceilings = Ceilings.measure(team, limitNanos / 5);
    int candidates = 0;
    for (BlockType type : types) {
      for (Shape shape : Shape.values()) {
        candidates += table.candidates(type, shape).size();
      }
    }
    long each = Math.max(0, limitNanos - (System.nanoTime() - start)) / Math.max(1, candidates);
    List<BackendReport.Kernel> kernels = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    for (BlockType type : types) {
      try (Arena arena = Arena.ofShared()) {
        PackedFormat format = PackedFormat.of(type);
        MemorySegment memory = arena.allocate(format.bytes(rows, COLUMNS), 64);
        PackedWeight weight = new PackedWeight(format, rows, COLUMNS, memory.address());
        for (Shape shape : Shape.values()) {
          kernels.add(choose(weight, shape, new Time(each, start + limitNanos), ceilings, warnings));
        }
      }
    }
    warnings.forEach(warning -> LOG.log(System.Logger.Level.WARNING, warning));
    int settled = (int) kernels.stream().filter(kernel -> !kernel.measured().endsWith(UNSETTLED)).count();
    return new Result(kernels, warnings, ceilings, settled);
  }

  private BackendReport.Kernel choose(PackedWeight weight, Shape shape, Time time, Ceilings ceilings, List<String> warnings) {
    BlockType type = weight.format().type();
    List<Timed> timed = new ArrayList<>();
    for (ProductKernel kernel : table.candidates(type, shape)) {
      // an interpreter may have taken all the time: the kernel that runs is measured all the same, its alternatives are not
      if (timed.isEmpty() || System.nanoTime() < time.end) {
        timed.add(time(kernel, weight, shape.measuredRows(), time.kernelNanos));
      }
    }
    Timed expected = timed.getFirst();
    Timed fastest = timed.stream().filter(Timed::settled).min(Comparator.comparingDouble(Timed::seconds)).orElse(expected);
    Timed chosen = expected.settled && expected.seconds > CLEARLY * fastest.seconds ? fastest : expected;
    table.choose(type, shape, chosen.kernel);
    boolean replaced = !chosen.kernel.equals(expected.kernel);
    if (replaced) {
      warnings.add(String.format(
          Locale.ROOT, "kernel '%s' for %s, %s, reaches %s here, less than '%s' with %s, which replaces it: the JIT may have compiled it badly,"
              + " a restart then helps", expected.kernel.name(), shape.operation(), type, rate(weight, shape, expected.seconds),
          chosen.kernel.name(), rate(weight, shape, chosen.seconds)));
    }
    double share = shape == Shape.ONE_ROW
        ? weight.bytes() / chosen.seconds / ceilings.readBytesPerSecond()
        : operations(shape) / chosen.seconds / ceilings.operationsPerSecond();
    double units = (shape == Shape.ONE_ROW ? weight.bytes() : operations(shape)) / chosen.seconds;
    KernelEvent.commit(shape.operation(), type.toString(), chosen.kernel.name(), units, share, replaced);
    return new BackendReport.Kernel(
        shape.operation(), type.toString(), chosen.kernel.name(),
        rate(weight, shape, chosen.seconds) + (chosen.settled ? "" : UNSETTLED), OptionalDouble.of(units),
        OptionalDouble.of(share),
        timed.stream().filter(each -> !each.kernel.equals(chosen.kernel)).map(each -> each.kernel.name() + ": " + rate(weight, shape, each.seconds)).toList());
  }

  private double operations(Shape shape) {
    return 2.0 * rows * COLUMNS * shape.measuredRows();
  }

  private String rate(PackedWeight weight, Shape shape, double seconds) {
    return shape == Shape.ONE_ROW
        ? String.format(Locale.ROOT, "%.1f GB/s", weight.bytes() / seconds / GIGA)
        : String.format(Locale.ROOT, "%.1f GFLOP/s", operations(shape) / seconds / GIGA);
  }

  /** The best of as many runs as fit into the time, at least one; the second half of it decides whether it is settled. */
  private Timed time(ProductKernel kernel, PackedWeight weight, int inputs, long nanos) {
    float[] x = new float[inputs * COLUMNS];
    LinearStage.Room[] rooms = new LinearStage.Room[team.size()];
    Arrays.setAll(rooms, i -> new LinearStage.Room());
    Team.Stage stage = new Team.Stage() {
      @Override
      public int chunks() {
        return weight.groups();
      }

      @Override
      public void run(int from, int to, int worker) {
        for (int group = from; group < to; group++) {
          kernel.multiply(weight, group, x, 0, COLUMNS, inputs, rooms[worker]);
        }
      }
    };
    double first = best(team, stage, nanos / 2);
    long compiling = settling.compilationMillis.getAsLong();
    int runs = 0;
    long start = System.nanoTime();
    double second = first;
    while (System.nanoTime() - start < nanos / 2) {
      second = Math.min(second, best(team, stage, 0));
      runs++;
    }
    boolean idle = (settling.compilationMillis.getAsLong() - compiling) * BUSY_SHARE <= (System.nanoTime() - start) / 1_000_000;
    return new Timed(kernel, second, idle && runs >= settling.runs);
  }

  /** 0 where the JVM does not say. */
  private static long compilationMillis() {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    return compiler != null && compiler.isCompilationTimeMonitoringSupported() ? compiler.getTotalCompilationTime() : 0;
  }

  /** Seconds of the fastest of as many runs as fit into {@code nanos}, at least one. */
  static double best(Team team, Team.Stage stage, long nanos) {
    long end = System.nanoTime() + nanos;
    long best = Long.MAX_VALUE;
    do {
      long start = System.nanoTime();
      team.run(stage);
      best = Math.min(best, Math.max(1, System.nanoTime() - start));
    } while (System.nanoTime() < end);
    return best / 1e9;
  }
}
