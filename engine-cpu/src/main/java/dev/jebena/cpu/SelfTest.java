package dev.jebena.cpu;

import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.weight.BlockType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Measures the kernels on small weights, for a tenth of a second each, which is long enough for the JIT; they fit the caches. */
final class SelfTest {

  private static final int ROWS = 512;
  private static final int COLUMNS = 512;
  private static final int FEW = 1;
  private static final int MANY = 48;

  private SelfTest() {}

  /** Times matrix-vector and matrix-matrix products of the common types with the whole team. */
  static List<BackendReport.Kernel> run(Team team) {
    List<BackendReport.Kernel> kernels = new ArrayList<>();
    for (BlockType type : BlockType.values()) {
      PackedFormat format = PackedFormat.of(type);
      try (Arena arena = Arena.ofShared()) {
        MemorySegment memory = arena.allocate(format.bytes(ROWS, COLUMNS), 64);
        PackedWeight weight = new PackedWeight(format, ROWS, COLUMNS, memory.address());
        double one = seconds(team, weight, FEW);
        double many = seconds(team, weight, MANY);
        kernels.add(new BackendReport.Kernel("matrix-vector", type.toString(), variant(),
            String.format(Locale.ROOT, "%.1f GB/s", weight.bytes() / one / 1e9)));
        kernels.add(new BackendReport.Kernel("matrix-matrix", type.toString(), variant(),
            String.format(Locale.ROOT, "%.0f GFLOP/s", 2.0 * ROWS * COLUMNS * MANY / many / 1e9)));
      }
    }
    return kernels;
  }

  private static String variant() {
    return "tile of 64 rows, " + Lanes.BITS + " bits";
  }

  private static double seconds(Team team, PackedWeight weight, int rows) {
    float[] values = new float[rows * (COLUMNS + ROWS)];
    LinearStage.Room[] rooms = new LinearStage.Room[team.size()];
    Arrays.setAll(rooms, i -> new LinearStage.Room());
    LinearStage stage = new LinearStage(
        values, () -> rows, 0, COLUMNS, List.of(new LinearStage.Part(weight, null, rows * COLUMNS, ROWS)), rooms);
    double best = Double.MAX_VALUE;
    long end = System.nanoTime() + 100_000_000;
    do {
      long start = System.nanoTime();
      team.run(stage);
      best = Math.min(best, (System.nanoTime() - start) / 1e9);
    } while (System.nanoTime() < end);
    return best;
  }
}
