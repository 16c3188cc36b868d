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
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Repacks a Program's weights: matrices in groups of rows, by the whole team; norms and biases as arrays of floats. */
final class WeightLoader {

  private static final int ALIGNMENT = 64;

  private final Program program;
  private final WeightSource source;
  private final LoadProgress progress;
  private final Team team;
  private final Map<String, WeightSpec> matrices;
  private final AtomicLong done = new AtomicLong();
  private final long total;

  WeightLoader(Program program, WeightSource source, LoadProgress progress, Team team) {
    this.program = program;
    this.source = source;
    this.progress = progress;
    this.team = team;
    this.matrices = matrices(program);
    this.total = program.weightBytes();
  }

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
        case Op.MoeRoute route -> {}
        case Op.MoeExperts experts -> experts.weights().forEach(weight -> matrices.put(weight.name(), weight));
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

  /** How a weight is laid out when it is loaded. */
  static PackedFormat format(WeightSpec spec) {
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

  /**
   * Loads all weights.
   *
   * @param cache where the packed matrices may be found, and are kept otherwise
   */
  @SuppressWarnings("MustBeClosed") // the WeightSet closes the arena
  CpuWeightSet load(Optional<WeightCache> cache, MemoryBudget budget, Runnable released) {
    MemoryBudget.Reservation reservation = budget.reserve(bytes(program), "the weights of " + program.name());
    Arena arena = Arena.ofShared();
    try {
      Map<String, float[]> vectors = new HashMap<>();
      for (WeightSpec spec : program.weights().values()) {
        if (!matrices.containsKey(spec.name())) {
          float[] vector = new float[spec.columns()];
          source.weight(spec).decodeRow(0, vector, 0);
          vectors.put(spec.name(), vector);
          progress.loaded(done.addAndGet(spec.bytes()), total);
        }
      }
      return new CpuWeightSet(program.weights(), matrices(cache, arena), vectors, arena, reservation, released);
    } catch (RuntimeException | Error e) {
      arena.close();
      reservation.close();
      throw e;
    }
  }

  private Map<String, PackedWeight> matrices(Optional<WeightCache> cache, Arena arena) {
    long bytes = matrices.values().stream().mapToLong(spec -> aligned(format(spec).bytes(spec.rows(), spec.columns()))).sum();
    Optional<Path> file = cache.flatMap(each -> source.identity().map(identity -> each.file(identity, matrices.values())));
    Optional<MemorySegment> found = file.flatMap(path -> cache.orElseThrow().find(path, bytes, arena));
    if (found.isPresent()) {
      progress.loaded(total, total);
      return place(found.get());
    }
    MemorySegment memory = FreshMemory.allocate(arena, bytes);
    Map<String, PackedWeight> packed = place(memory);
    for (WeightSpec spec : matrices.values()) {
      PackedWeight weight = Objects.requireNonNull(packed.get(spec.name()));
      pack(source.weight(spec), memory.asSlice(weight.address() - memory.address(), weight.bytes()));
    }
    file.ifPresent(path -> cache.orElseThrow().store(path, memory));
    return packed;
  }

  /** One matrix after the other, in the order of the Program. */
  private Map<String, PackedWeight> place(MemorySegment memory) {
    Map<String, PackedWeight> packed = new HashMap<>();
    long address = memory.address();
    for (WeightSpec spec : matrices.values()) {
      PackedWeight weight = new PackedWeight(format(spec), spec.rows(), spec.columns(), address);
      packed.put(spec.name(), weight);
      address += aligned(weight.bytes());
    }
    return packed;
  }

  private void pack(WeightView view, MemorySegment target) {
    WeightSpec spec = view.spec();
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
    if (view.data().isMapped()) {
      // what is packed is not read again: the process keeps one copy in memory, the system may keep the file's
      view.data().unload();
    }
  }
}
