package dev.jebena.cpu;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSpec;
import java.lang.foreign.Arena;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** Repacked matrices and plain vectors by name. The memory goes when the owner and every Executable have let go. */
final class CpuWeightSet implements WeightSet {

  private final Map<String, WeightSpec> specs;
  private final Map<String, PackedWeight> matrices;
  private final Map<String, float[]> vectors;
  private final Arena arena;
  private final MemoryBudget.Reservation reservation;
  private final AtomicInteger holders = new AtomicInteger(1);
  private final Runnable released;
  private boolean closed;

  CpuWeightSet(
      Map<String, WeightSpec> specs, Map<String, PackedWeight> matrices, Map<String, float[]> vectors, Arena arena,
      MemoryBudget.Reservation reservation, Runnable released) {
    this.specs = specs;
    this.matrices = matrices;
    this.vectors = vectors;
    this.arena = arena;
    this.reservation = reservation;
    this.released = released;
  }

  /** Refuses a Program whose weights are not all here, as it names them. */
  void requireAll(Program program) {
    for (WeightSpec spec : program.weights().values()) {
      boolean loaded = spec.equals(specs.get(spec.name()))
          && (matrices.containsKey(spec.name()) || !WeightLoader.matrices(program).containsKey(spec.name()));
      if (!loaded) {
        throw new BackendException(
            "the WeightSet does not have " + spec + " of program " + program.name() + ": load the weights for this Program");
      }
    }
  }

  PackedWeight matrix(String name) {
    return Objects.requireNonNull(matrices.get(name), name);
  }

  float[] vector(String name) {
    return Objects.requireNonNull(vectors.get(name), name);
  }

  void hold() {
    holders.incrementAndGet();
  }

  void release() {
    if (holders.decrementAndGet() == 0) {
      arena.close();
      reservation.close();
      released.run();
    }
  }

  @Override
  public long bytes() {
    return reservation.bytes();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      release();
    }
  }
}
