package dev.jebena.engine.reference;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Weights exactly as they are stored, copied to memory of their own. Held by its owner and by each Executable over it. */
final class ReferenceWeights implements WeightSet {

  private final CountedMemory memory;
  private final Map<String, WeightView> views = new LinkedHashMap<>();
  private final AtomicInteger holds = new AtomicInteger(1);
  private boolean closed;

  private ReferenceWeights(CountedMemory memory) {
    this.memory = memory;
  }

  static ReferenceWeights load(
      Program program, WeightSource source, LoadProgress progress, MemoryBudget budget, AtomicInteger open) {
    long total = program.weightBytes();
    CountedMemory memory = CountedMemory.allocate(total, "the weights of " + program.name(), budget, open);
    ReferenceWeights weights = new ReferenceWeights(memory);
    try {
      long done = 0;
      for (WeightSpec spec : program.weights().values()) {
        MemorySegment target = weights.memory.segment().asSlice(done, spec.bytes());
        copy(source.weight(spec), spec, target);
        weights.views.put(spec.name(), WeightView.contiguous(spec, target));
        done += spec.bytes();
        progress.loaded(done, total);
      }
      return weights;
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private static void copy(WeightView from, WeightSpec spec, MemorySegment target) {
    if (!from.spec().equals(spec)) {
      throw new BackendException("the weight source gave " + from.spec() + " for " + spec);
    }
    for (int row = 0; row < spec.rows(); row++) {
      MemorySegment.copy(from.data(), row * from.rowStrideBytes(), target, row * spec.rowBytes(), spec.rowBytes());
    }
  }

  WeightView view(WeightSpec spec) {
    WeightView view = views.get(spec.name());
    if (view == null || !view.spec().equals(spec)) {
      throw new BackendException("the program needs " + spec + ", loaded is " + view + ": load the weights for this program");
    }
    return view;
  }

  /** Keeps the memory for an Executable, until it is released. */
  void hold() {
    if (closed) {
      throw new IllegalStateException("these weights are closed");
    }
    holds.incrementAndGet();
  }

  void release() {
    if (holds.decrementAndGet() == 0) {
      memory.close();
    }
  }

  @Override
  public long bytes() {
    return memory.segment().byteSize();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      release();
    }
  }
}
