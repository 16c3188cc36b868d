package dev.jebena.cpu;

import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.OutputSampler;
import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A compiled Program: the team walks the body once a step, then the head and the sampler for one window of output rows after another. */
final class CpuExecutable implements Executable {

  private final Team team;
  private final MemoryBudget budget;
  private final SlotTable table;
  private final ProgramCompiler.Stages stages;
  private final CpuWeightSet weights;
  private final MemoryBudget.Reservation scratch;
  private final Runnable released;
  private final StepResult result = new StepResult();
  private final Team.Work body;
  private final Team.Work tail;
  private final @Nullable StageTimes times;
  private final StepHandle handle = this::await;
  private @Nullable StepPlan plan;
  private @Nullable CpuKvCache cache;
  private boolean closed;

  CpuExecutable(
      Team team, MemoryBudget budget, SlotTable table, ProgramCompiler.Stages stages, CpuWeightSet weights, int logits, int logitsStride,
      MemoryBudget.Reservation scratch, Runnable released) {
    this.team = team;
    this.budget = budget;
    this.table = table;
    this.stages = stages;
    this.weights = weights;
    this.scratch = scratch;
    this.released = released;
    weights.hold();
    this.times = StageTimes.wanted() ? new StageTimes() : null;
    this.body = work(stages.body());
    OutputSampler[] samplers = new OutputSampler[team.size()];
    Arrays.setAll(samplers, i -> new OutputSampler(table));
    List<Team.Stage> tailStages = new java.util.ArrayList<>(stages.tail());
    tailStages.add(new SamplingStage(stages.state(), samplers, logits, logitsStride, result));
    this.tail = work(tailStages);
  }

  /** Chooses the tokens of a window of output rows, a row a chunk. */
  private record SamplingStage(StepState state, OutputSampler[] samplers, int logits, int stride, StepResult result)
      implements Team.Stage {

    @Override
    public String name() {
      return "Sampling";
    }

    @Override
    public int chunks() {
      return state.rows(dev.jebena.engine.program.RowDomain.OUTPUTS);
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int row = from; row < to; row++) {
        samplers[worker].finish(state.firstOutput() + row, state.values, logits + row * stride, result);
      }
    }
  }

  private Team.Work work(List<Team.Stage> list) {
    if (times != null) {
      return times.noting(list);
    }
    Team.Stage[] stages = list.toArray(Team.Stage[]::new);
    return new Team.Work() {
      @Override
      public int stages() {
        return stages.length;
      }

      @Override
      public Team.Stage stage(int index) {
        return stages[index];
      }
    };
  }

  @Override
  public int pipelineDepth() {
    return 1;
  }

  @Override
  public KvCache allocateCache(int blocks) {
    return new CpuKvCache(blocks, stages.state().layout.blockBytes(), budget);
  }

  @Override
  public StepHandle submit(StepPlan newPlan, KvCache newCache) {
    if (plan != null) {
      throw new IllegalStateException("a step is in flight: await it first");
    }
    if (closed) {
      throw new IllegalStateException("the Executable is closed");
    }
    table.apply(newPlan, newCache.blocks());
    plan = newPlan;
    cache = (CpuKvCache) newCache;
    return handle;
  }

  private StepResult await() {
    CpuKvCache memory = cache;
    if (plan == null || memory == null) {
      throw new IllegalStateException("no step is in flight");
    }
    if (times != null) {
      times.begin();
    }
    try {
      stages.state().cache(memory.address());
      result.reset(table.outputs());
      if (table.rows() > 0) {
        stages.units().prepare();
        team.run(body);
      }
      for (int first = 0; first < table.outputs(); first += StepState.WINDOW_ROWS) {
        stages.state().window(first, Math.min(StepState.WINDOW_ROWS, table.outputs() - first));
        team.run(tail);
      }
      table.appendSampled(result);
      if (times != null) {
        times.end(table.rows());
      }
      return result;
    } finally {
      plan = null;
      cache = null;
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (times != null) {
        times.print();
      }
      scratch.close();
      weights.release();
      released.run();
    }
  }
}
