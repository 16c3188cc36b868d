package dev.jebena.engine.reference;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.Footprint;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs Programs operation by operation in plain Java on the calling thread. It is the specification that other backends are
 * tested against: float32 values, products and sums; weights as they are stored; keys and values through the cache's type.
 */
final class ReferenceBackend implements Backend {

  private final BackendSettings settings;
  private final MemoryBudget budget;
  /** WeightSets, Executables and caches that are open. */
  private final AtomicInteger open = new AtomicInteger();

  ReferenceBackend(BackendSettings settings, MemoryBudget budget) {
    this.settings = settings;
    this.budget = budget;
  }

  @Override
  public String name() {
    return ReferenceBackendProvider.NAME;
  }

  @Override
  public BackendReport report() {
    List<String> warnings = new ArrayList<>();
    warnings.add("the reference backend is plain scalar Java and slow: add --add-modules jdk.incubator.vector and use the cpu backend");
    if (settings.threads().orElse(1) > 1) {
      warnings.add("the reference backend uses one thread, not " + settings.threads().getAsInt());
    }
    return new BackendReport(ReferenceBackendProvider.facts(), List.of(), warnings);
  }

  @Override
  public List<Unsupported> unsupported(Program program, KvFormat kvFormat) {
    return List.of();
  }

  @Override
  public Footprint footprint(Program program, Limits limits, KvFormat kvFormat) {
    return new Footprint(
        program.weightBytes(), Scratch.bytes(program, limits), new CacheLayout(program.kvGroups(), kvFormat).blockBytes());
  }

  @Override
  public WeightSet load(Program program, WeightSource source, LoadProgress progress) {
    return ReferenceWeights.load(program, source, progress, budget, open);
  }

  @Override
  public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat) {
    return compile(program, weights, limits, kvFormat, Communicator.ALONE);
  }

  @Override
  public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat, Communicator communicator) {
    if (!(weights instanceof ReferenceWeights ours)) {
      throw new BackendException("these weights were loaded by another backend than " + name() + ": load them with this one");
    }
    return new ReferenceExecutable(program, ours, limits, kvFormat, communicator, budget, open);
  }

  @Override
  public void close() {
    int left = open.get();
    if (left != 0) {
      throw new IllegalStateException("the reference backend still has " + left
          + " open weight sets, executables or caches: close them first");
    }
  }
}
