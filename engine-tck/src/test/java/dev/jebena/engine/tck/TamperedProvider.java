package dev.jebena.engine.tck;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.Footprint;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import java.util.List;

/**
 * The reference backend with a fault.
 *
 * @param leakedBytes reserved when it opens and never given back
 */
record TamperedProvider(Tampering tampering, long leakedBytes) implements BackendProvider {

  /** Changes what a step gave. */
  @FunctionalInterface
  interface Tampering {
    void change(StepPlan plan, StepResult result);
  }

  @Override
  public String name() {
    return "tampered";
  }

  @Override
  public int preference() {
    return 0;
  }

  @Override
  public Probe probe() {
    return Providers.reference().probe();
  }

  @Override
  public Backend open(BackendSettings settings, MemoryBudget budget) {
    if (leakedBytes > 0) {
      budget.reserve(leakedBytes, "a leak");
    }
    return new TamperedBackend(Providers.reference().open(settings, budget));
  }

  private final class TamperedBackend implements Backend {

    private final Backend inner;

    TamperedBackend(Backend inner) {
      this.inner = inner;
    }

    @Override
    public String name() {
      return TamperedProvider.this.name();
    }

    @Override
    public BackendReport report() {
      return inner.report();
    }

    @Override
    public List<Unsupported> unsupported(Program program, KvFormat kvFormat) {
      return inner.unsupported(program, kvFormat);
    }

    @Override
    public Footprint footprint(Program program, Limits limits, KvFormat kvFormat) {
      return inner.footprint(program, limits, kvFormat);
    }

    @Override
    public WeightSet load(Program program, WeightSource source, LoadProgress progress) {
      return inner.load(program, source, progress);
    }

    @Override
    public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat) {
      return new TamperedExecutable(inner.compile(program, weights, limits, kvFormat));
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  private final class TamperedExecutable implements Executable {

    private final Executable inner;

    TamperedExecutable(Executable inner) {
      this.inner = inner;
    }

    @Override
    public int pipelineDepth() {
      return inner.pipelineDepth();
    }

    @Override
    public KvCache allocateCache(int blocks) {
      return inner.allocateCache(blocks);
    }

    @Override
    public StepHandle submit(StepPlan plan, KvCache cache) {
      StepHandle handle = inner.submit(plan, cache);
      return () -> {
        StepResult result = handle.await();
        tampering.change(plan, result);
        return result;
      };
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
