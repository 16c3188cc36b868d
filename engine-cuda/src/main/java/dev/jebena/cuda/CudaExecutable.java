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
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A compiled Program on one device. A step is a copy of its arrays, the launches, a copy of its results and one event. Steps that only decode
 * are padded to a bucket of rows and replayed as a graph; what they need beside their sizes lies in the arrays.
 *
 * <p>Where nothing between its kernels needs the host, a step is queued while the one before runs: tokens that the host has not seen yet are taken from where the
 * sampler left them. A step that is sampled on the host has to end first.
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
  private final DeviceMemory memory;
  private final PinnedMemory pinned;
  private final MemorySegment logits;
  private final MemoryBudget.Reservation reservation;
  private final Runnable released;
  private final Buckets buckets;
  private final OutputSampler hostSampler;
  private final Flight[] flights = new Flight[StepArrays.BUFFERS];
  private final ArrayDeque<Flight> inFlight = new ArrayDeque<>();
  private final Map<Shape, DeviceGraph> graphs = new HashMap<>();
  private long replayedSteps;
  private long launchedSteps;
  private float[] row = new float[0];
  private int nextFlight;
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
  record Resources(DeviceMemory memory, PinnedMemory pinned, Launcher launcher, List<DeviceEvent> done, MemoryBudget.Reservation reservation) {}

  /** A step from its submission to its result. */
  private final class Flight implements StepHandle {

    private final int buffer;
    private final DeviceEvent done;
    private final StepResult result = new StepResult();
    private final SlotTable.Expected expected = new SlotTable.Expected();
    private @Nullable StepPlan plan;
    private @Nullable CudaKvCache cache;
    private boolean ran;
    private boolean sampledHere;
    private boolean finished;

    private Flight(int buffer, DeviceEvent done) {
      this.buffer = buffer;
      this.done = done;
    }

    private void begin(StepPlan newPlan, CudaKvCache newCache) {
      plan = newPlan;
      cache = newCache;
      ran = false;
      sampledHere = false;
      finished = false;
    }

    private CudaKvCache cache() {
      return Objects.requireNonNull(cache);
    }

    @Override
    public StepResult await() {
      if (inFlight.peekFirst() != this) {
        throw new IllegalStateException(inFlight.isEmpty() ? "no step is in flight" : "steps are awaited in the order of their submission");
      }
      attempt(() -> {
        if (waits) {
          start(this);
        }
        finish(this);
      });
      inFlight.removeFirst();
      plan = null;
      cache = null;
      return result;
    }
  }

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
    for (int i = 0; i < flights.length; i++) {
      flights[i] = new Flight(i, resources.done().get(i));
    }
    this.memory = resources.memory();
    this.pinned = resources.pinned();
    this.reservation = resources.reservation();
    this.released = released;
    this.buckets = buckets;
    ProgramCompiler.PinnedSizes sizes = compiler.pinned();
    this.logits = pinned.segment().asSlice(sizes.arrays() + sizes.sampler(), sizes.logits());
    this.sampling = where == Sampling.DEVICE ? sampler.stage(kernels, stages.logits(), arrays) : (step, each) -> {};
    if (pipelineDepth() > 1) {
      kernels.get("step_tokens");
    }
    this.hostSampler = new OutputSampler(table);
    weights.hold();
  }

  @Override
  public int pipelineDepth() {
    // ranks meet in every step, and wait for the host there or in ShardedExecutable
    return stages.collectives() == ProgramCompiler.Collectives.NONE && where == Sampling.DEVICE ? StepArrays.BUFFERS : 1;
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
    if (inFlight.size() == pipelineDepth()) {
      throw new IllegalStateException(inFlight.size() + " steps are in flight, and no more may be: await the first");
    }
    requireUsable();
    if (!(newCache instanceof CudaKvCache ours)) {
      throw new BackendException("this cache was allocated by another backend");
    }
    Flight before = inFlight.peekLast();
    if (before != null && before.ran && !before.sampledHere) {
      attempt(() -> finish(before));
    }
    table.apply(newPlan, newCache.blocks());
    Flight flight = flights[nextFlight];
    nextFlight = (nextFlight + 1) % flights.length;
    flight.begin(newPlan, ours);
    inFlight.addLast(flight);
    if (!waits) {
      attempt(() -> start(flight));
    }
    return flight;
  }

  /** What fails here fails the Executable: what the device has computed of the step is not known. */
  private void attempt(Runnable work) {
    try {
      device.bind();
      work.run();
    } catch (RuntimeException | Error e) {
      failed = true;
      inFlight.clear();
      throw e;
    }
  }

  private void open(Flight flight) {
    StepPlan current = Objects.requireNonNull(flight.plan);
    for (int i = 0; i < current.closingCount(); i++) {
      sampler.closed(current.closing(i));
    }
    for (StepPlan.Opening opening : current.openings()) {
      arrays.forget(opening.slot());
      sampler.open(opening.slot(), opening.settings(), flight.buffer, stream);
    }
  }

  /** Queues the step up to its results. */
  private void start(Flight flight) {
    open(flight);
    flight.sampledHere = where == Sampling.DEVICE && sampler.fits();
    if (table.rows() == 0) {
      return;
    }
    long cache = flight.cache().address();
    int singles = singleRuns();
    boolean decodes = singles == table.runs();
    boolean replayable = decodes && flight.sampledHere && !waits;
    int rows = replayable ? buckets.rows(table.rows()) : table.rows();
    int outputs = replayable ? buckets.outputs(table.outputs()) : table.outputs();
    int firstTiled = tiling == Tiling.TILES ? singles : table.runs();
    int tiles = arrays.write(table, rows, outputs, firstTiled, flight.buffer, stream);
    arrays.feed(kernels, launcher, rows, outputs, sampler.slotTokens());
    int singleRows = tiling == Tiling.TILES && !decodes ? table.runFirstRow()[singles] : rows;
    Step step = new Step(rows, singleRows, tiles, AttentionStages.splits(longestContext()), 0, outputs, cache);
    if (flight.sampledHere) {
      sampler.count(table, kernels, flight.buffer, launcher);
    }
    if (replayable) {
      replayedSteps++;
      Shape shape = new Shape(cache, rows, outputs, step.splits());
      graphs.computeIfAbsent(shape, key -> stream.capture(() -> launch(step, flight))).launch(stream);
    } else {
      launchedSteps++;
      launch(step, flight);
    }
    if (flight.sampledHere) {
      sampler.download(table, flight.buffer, stream);
      flight.done.record(stream);
      table.expect(flight.expected);
    }
    flight.ran = true;
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

  private void launch(Step step, Flight flight) {
    stages.body().forEach(stage -> stage.launch(step, launcher));
    if (flight.sampledHere) {
      for (int first = 0; first < step.outputRows(); first += ScratchPlan.WINDOW_ROWS) {
        Step window = step.window(first, Math.min(ScratchPlan.WINDOW_ROWS, step.outputRows() - first));
        stages.tail().forEach(stage -> stage.launch(window, launcher));
        sampling.launch(window, launcher);
      }
    }
  }

  private void finish(Flight flight) {
    if (flight.finished) {
      return;
    }
    flight.finished = true;
    if (!flight.ran) {
      // what slots were opened with is still read from pinned memory
      stream.await();
      flight.result.reset(0);
    } else if (flight.sampledHere) {
      awaitDone(flight.done);
      sampler.read(flight.expected.outputs(), flight.buffer, flight.result);
      flight.expected.seen(flight.result);
    } else {
      sampleOnHost(flight.cache(), flight.result);
      table.appendSampled(flight.result);
    }
  }

  /** Waits for the step. Where kernels wait for other ranks, so does this, but not for ranks that are gone. */
  private void awaitDone(DeviceEvent done) {
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
  private void sampleOnHost(CudaKvCache ours, StepResult result) {
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
      for (Flight flight : flights) {
        flight.done.close();
      }
      launcher.close();
      pinned.close();
      memory.close();
      reservation.close();
      weights.release();
      released.run();
    }
  }
}
