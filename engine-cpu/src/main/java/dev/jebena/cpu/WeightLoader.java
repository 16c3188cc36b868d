package dev.jebena.cpu;

import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Repacks a Program's weights: matrices in groups of rows, by the whole team; norms and biases as arrays of floats. */
final class WeightLoader {

  private static final int ALIGNMENT = 64;

  private WeightLoader() {}

  /** The matrices of a Program (what products and embeddings read), by name. */
  static Map<String, WeightSpec> matrices(Program program) {
    Map<String, WeightSpec> matrices = new LinkedHashMap<>();
    for (Op op : program.operations()) {
      switch (op) {
        case Op.Linear linear -> linear.parts().forEach(part -> matrices.put(part.weight().name(), part.weight()));
        case Op.Embed embed -> matrices.put(embed.weight().name(), embed.weight());
        case Op.Norm norm -> {}
        case Op.Rope rope -> {}
        case Op.KvWrite write -> {}
        case Op.Attention attention -> {}
        case Op.Map map -> {}
        case Op.Combine combine -> {}
        case Op.Gate gate -> {}
        case Op.SelectRows select -> {}
        case Op.Zero zero -> {}
        case Op.AllReduce reduce -> {}
        case Op.AllGather gather -> {}
      }
    }
    return matrices;
  }

  private static PackedFormat format(WeightSpec spec) {
    return switch (spec.format()) {
      case WeightFormat.Blocked(BlockType type) -> PackedFormat.of(type);
    };
  }

  /** Bytes that all weights take when they are loaded. */
  static long bytes(Program program) {
    Map<String, WeightSpec> matrices = matrices(program);
    long bytes = 0;
    for (WeightSpec spec : program.weights().values()) {
      bytes += matrices.containsKey(spec.name())
          ? aligned(format(spec).bytes(spec.rows(), spec.columns())) + ALIGNMENT
          : 4L * spec.columns();
    }
    return bytes;
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Loads all weights. */
  @SuppressWarnings("MustBeClosed") // the WeightSet closes the arena
  static CpuWeightSet load(
      Program program, WeightSource source, LoadProgress progress, Team team, MemoryBudget budget, Runnable released) {
    MemoryBudget.Reservation reservation = budget.reserve(bytes(program), "the weights of " + program.name());
    Arena arena = Arena.ofShared();
    try {
      Map<String, WeightSpec> matrices = matrices(program);
      Map<String, PackedWeight> packed = new HashMap<>();
      Map<String, float[]> vectors = new HashMap<>();
      AtomicLong done = new AtomicLong();
      long total = program.weightBytes();
      // one piece, so that huge pages can hold it whatever the sizes of the single weights
      long packedBytes = 0;
      for (WeightSpec spec : matrices.values()) {
        packedBytes += aligned(format(spec).bytes(spec.rows(), spec.columns()));
      }
      MemorySegment memory = arena.allocate(packedBytes, HugePages.alignment(packedBytes));
      HugePages.advise(memory);
      long at = 0;
      for (WeightSpec spec : program.weights().values()) {
        WeightView view = source.weight(spec);
        if (matrices.containsKey(spec.name())) {
          long bytes = aligned(format(spec).bytes(spec.rows(), spec.columns()));
          packed.put(spec.name(), pack(view, memory.asSlice(at, bytes), team, done, total, progress));
          at += bytes;
        } else {
          float[] vector = new float[spec.columns()];
          view.decodeRow(0, vector, 0);
          vectors.put(spec.name(), vector);
          progress.loaded(done.addAndGet(spec.bytes()), total);
        }
      }
      return new CpuWeightSet(program.weights(), packed, vectors, arena, reservation, released);
    } catch (RuntimeException | Error e) {
      arena.close();
      reservation.close();
      throw e;
    }
  }

  private static PackedWeight pack(
      WeightView view, MemorySegment target, Team team, AtomicLong done, long total, LoadProgress progress) {
    WeightSpec spec = view.spec();
    PackedFormat format = format(spec);
    WeightPacker packer = new WeightPacker(view, target);
    int groups = PackedFormat.groups(spec.rows());
    long groupBytes = spec.bytes() / groups;
    team.run(new Team.Stage() {
      @Override
      public int chunks() {
        return groups;
      }

      @Override
      public void run(int from, int to, int worker) {
        for (int group = from; group < to; group++) {
          packer.pack(group);
          progress.loaded(done.addAndGet(groupBytes), total);
        }
      }
    });
    return new PackedWeight(format, spec.rows(), spec.columns(), target.address());
  }
}
