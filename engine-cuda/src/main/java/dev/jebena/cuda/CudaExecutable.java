package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.OutputSampler;
import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A compiled Program on one device. A step is a copy of its arrays, the launches, a copy of its results and one event. Steps that only decode
 * are padded to a bucket of rows and replayed as a graph; what they need beside their sizes lies in the arrays.
 *
 * <p>After an error of the driver in a step nothing of that step is used, and the Executable refuses further ones.
 */
final class CudaExecutable implements Executable {

  /** What a graph was captured for. */
  private record Shape(long cache, int rows, int outputs, int splits) {}

  private final Device device;
  private final MemoryBudget budget;
  private final SlotTable table;
  private final StepArrays arrays;
  private final DeviceSampler sampler;
  private final ProgramCompiler.Stages stages;
  private final Stage sampling;
  private final KvLayout layout;
  private final Tiling tiling;
  private final Sampling where;
  private final boolean waits;
  private final Communicator communicator;
  private final CudaWeightSet weights;
  private final Kernels kernels;
  private final Launcher launcher;
  private final DeviceStream stream;
  private final DeviceEvent done;
  private final DeviceMemory memory;
  private final PinnedMemory pinned;
  private final MemorySegment logits;
  private final MemoryBudget.Reservation reservation;
  private final Runnable released;
  private final Buckets buckets;
  private final OutputSampler hostSampler;
  private final StepResult result = new StepResult();
  private final Map<Shape, DeviceGraph> graphs = new HashMap<>();
  private long replayedSteps;
  private long launchedSteps;
  private float[] row = new float[0];
  private @Nullable StepPlan plan;
  private @Nullable CudaKvCache cache;
  private boolean ran;
  private boolean sampledHere;
  private boolean failed;
  private boolean closed;

  /** Where tokens are chosen. */
  enum Sampling {
    DEVICE,
    HOST
  }

  /** How runs of several tokens are attended. */
  enum Tiling {
    TILES,
    ROWS
  }

  /** What an Executable owns and gives back when it closes. */
  record Resources(DeviceMemory memory, PinnedMemory pinned, Launcher launcher, DeviceEvent done, MemoryBudget.Reservation reservation) {}

  CudaExecutable(
      Device device, MemoryBudget budget, SlotTable table, ProgramCompiler compiler, ProgramCompiler.Stages stages, Tiling tiling,
      Sampling where, Communicator communicator, CudaWeightSet weights, Kernels kernels, Resources resources, Buckets buckets, Runnable released) {
    this.device = device;
    this.budget = budget;
    this.table = table;
    this.arrays = compiler.arrays();
    this.sampler = compiler.sampler();
    this.layout = compiler.layout();
    this.stages = stages;
    this.tiling = tiling;
    this.where = where;
    this.waits = stages.collectives() == ProgramCompiler.Collectives.HOST;
    this.communicator = communicator;
    this.weights = weights;
    this.kernels = kernels;
    this.launcher = resources.launcher();
    this.stream = launcher.stream();
    this.done = resources.done();
    this.memory = resources.memory();
    this.pinned = resources.pinned();
    this.reservation = resources.reservation();
    this.released = released;
    this.buckets = buckets;
    ProgramCompiler.PinnedSizes sizes = compiler.pinned();
    this.logits = pinned.segment().asSlice(sizes.arrays() + sizes.sampler(), sizes.logits());
    this.sampling = where == Sampling.DEVICE ? sampler.stage(kernels, stages.logits(), arrays) : (step, each) -> {};
    this.hostSampler = new OutputSampler(table);
    weights.hold();
  }

  @Override
  public int pipelineDepth() {
    return 1;
  }

  /** Launches queued until now. */
  long launches() {
    return launcher.launches();
  }

  /** Steps that were replayed as a graph. */
  long replayedSteps() {
    return replayedSteps;
  }

  /** Steps whose kernels were launched one by one. */
  long launchedSteps() {
    return launchedSteps;
  }

  @Override
  public KvCache allocateCache(int blocks) {
    requireUsable();
    return CudaKvCache.allocate(device, stream, blocks, layout.blockBytes(), budget, this::forgetGraphs);
  }

  /** Captured launches name the cache's address. */
  private void forgetGraphs() {
    if (!closed) {
      if (!device.isLost()) {
        stream.await();
      }
      graphs.values().forEach(DeviceGraph::close);
      graphs.clear();
    }
  }

  private void requireUsable() {
    if (closed) {
      throw new IllegalStateException("the Executable is closed");
    }
    if (failed) {
      throw new IllegalStateException("the Executable is unusable since a step failed");
    }
    device.requireUsable();
  }

  @Override
  public void requireAlive() {
    device.requireUsable();
  }

  @Override
  public StepHandle submit(StepPlan newPlan, KvCache newCache) {
    if (plan != null) {
      throw new IllegalStateException("a step is in flight: await it first");
    }
    requireUsable();
    if (!(newCache instanceof CudaKvCache ours)) {
      throw new BackendException("this cache was allocated by another backend");
    }
    table.apply(newPlan, newCache.blocks());
    plan = newPlan;
    cache = ours;
    ran = false;
    if (!waits) {
      attempt(() -> start(ours));
    }
    return this::await;
  }

  /** What fails here fails the Executable: what the device has computed of the step is not known. */
  private void attempt(Runnable work) {
    try {
      device.bind();
      work.run();
    } catch (RuntimeException | Error e) {
      failed = true;
      plan = null;
      cache = null;
      throw e;
    }
  }

  private StepResult await() {
    CudaKvCache ours = cache;
    if (plan == null || ours == null) {
      throw new IllegalStateException("no step is in flight");
    }
    attempt(() -> {
      if (waits) {
        start(ours);
      }
      finish(ours);
    });
    table.appendSampled(result);
    plan = null;
    cache = null;
    return result;
  }

  private void open() {
    StepPlan current = Objects.requireNonNull(plan);
    for (int i = 0; i < current.closingCount(); i++) {
      sampler.closed(current.closing(i));
    }
    for (StepPlan.Opening opening : current.openings()) {
      arrays.forget(opening.slot());
      sampler.open(opening.slot(), opening.settings(), stream);
    }
  }

  /** Queues the step up to its results. */
  private void start(CudaKvCache ours) {
    open();
    sampledHere = where == Sampling.DEVICE && sampler.fits();
    if (table.rows() == 0) {
      return;
    }
    int singles = singleRuns();
    boolean decodes = singles == table.runs();
    boolean replayable = decodes && sampledHere && !waits;
    int rows = replayable ? buckets.rows(table.rows()) : table.rows();
    int outputs = replayable ? buckets.outputs(table.outputs()) : table.outputs();
    int firstTiled = tiling == Tiling.TILES ? singles : table.runs();
    int tiles = arrays.write(table, rows, outputs, firstTiled, stream);
    int singleRows = tiling == Tiling.TILES && !decodes ? table.runFirstRow()[singles] : rows;
    Step step = new Step(rows, singleRows, tiles, AttentionStages.splits(longestContext()), 0, outputs, ours.address());
    if (sampledHere) {
      sampler.count(table, kernels, launcher);
    }
    if (replayable) {
      replayedSteps++;
      Shape shape = new Shape(ours.address(), rows, outputs, step.splits());
      graphs.computeIfAbsent(shape, key -> stream.capture(() -> launch(step))).launch(stream);
    } else {
      launchedSteps++;
      launch(step);
    }
    if (sampledHere) {
      sampler.download(table, stream);
      done.record(stream);
    }
    ran = true;
  }

  /** Runs of one token, which come first. */
  private int singleRuns() {
    int count = 0;
    while (count < table.runs() && table.runTokens()[count] == 1) {
      count++;
    }
    return count;
  }

  private int longestContext() {
    int longest = 1;
    for (int run = 0; run < table.runs(); run++) {
      longest = Math.max(longest, table.runStart()[run] + table.runTokens()[run]);
    }
    return longest;
  }

  private void launch(Step step) {
    stages.body().forEach(stage -> stage.launch(step, launcher));
    if (sampledHere) {
      for (int first = 0; first < step.outputRows(); first += ScratchPlan.WINDOW_ROWS) {
        Step window = step.window(first, Math.min(ScratchPlan.WINDOW_ROWS, step.outputRows() - first));
        stages.tail().forEach(stage -> stage.launch(window, launcher));
        sampling.launch(window, launcher);
      }
    }
  }

  private void finish(CudaKvCache ours) {
    if (!ran) {
      result.reset(0);
      return;
    }
    if (sampledHere) {
      awaitDone();
      sampler.read(table, result);
    } else {
      sampleOnHost(ours);
    }
  }

  /** Waits for the step. Where kernels wait for other ranks, so does this, but not for ranks that are gone. */
  private void awaitDone() {
    if (stages.collectives() == ProgramCompiler.Collectives.DEVICE) {
      done.await(() -> {
        try {
          communicator.requireAlive();
        } catch (BackendException e) {
          device.lose("a kernel waits for a rank that is gone: " + e.getMessage());
          throw e;
        }
      });
    } else {
      done.await();
    }
  }

  /** Brings the logits down window by window, and chooses there. */
  private void sampleOnHost(CudaKvCache ours) {
    result.reset(table.outputs());
    int vocabulary = table.vocabularySize();
    Place place = stages.logits();
    if (row.length < vocabulary) {
      row = new float[vocabulary];
    }
    for (int first = 0; first < table.outputs(); first += ScratchPlan.WINDOW_ROWS) {
      int count = Math.min(ScratchPlan.WINDOW_ROWS, table.outputs() - first);
      Step window = new Step(table.rows(), table.rows(), 0, 1, first, count, ours.address());
      stages.tail().forEach(stage -> stage.launch(window, launcher));
      for (int i = 0; i < count; i++) {
        stream.download(logits.address() + 4L * i * vocabulary, place.row(i).address(), 4L * vocabulary);
      }
      stream.await();
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(logits, ValueLayout.JAVA_FLOAT, 4L * i * vocabulary, row, 0, vocabulary);
        hostSampler.finish(first + i, row, 0, result);
        sampler.sampledElsewhere(table.outputSlot()[first + i]);
      }
    }
    if (table.outputs() == 0) {
      stream.await();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    try {
      if (!device.isLost()) {
        device.bind();
        stream.await();
      }
    } finally {
      closed = true;
      graphs.values().forEach(DeviceGraph::close);
      graphs.clear();
      done.close();
      launcher.close();
      pinned.close();
      memory.close();
      reservation.close();
      weights.release();
      released.run();
    }
  }
}
