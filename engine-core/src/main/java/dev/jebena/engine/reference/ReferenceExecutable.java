package dev.jebena.engine.reference;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.OutputSampler;
import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Executes a Program's operations one after the other, then the output rows tile by tile. */
final class ReferenceExecutable implements Executable {

  private final Program program;
  private final ReferenceWeights weights;
  private final CacheLayout layout;
  private final MemoryBudget budget;
  private final AtomicInteger open;
  private final MemoryBudget.Reservation reservation;
  private final Scratch scratch;
  private final SlotTable table;
  private final OutputSampler sampler;
  private final Communicator communicator;
  private final StepResult result = new StepResult();
  private final List<Op> tokenOperations = new ArrayList<>();
  private final List<Op> outputOperations = new ArrayList<>();
  /** Weights of one row (norms, biases), decoded at once. */
  private final Map<WeightSpec, float[]> vectors = new LinkedHashMap<>();
  private final int[] tileTokens = new int[Scratch.TILE_ROWS];
  private final int[] tilePositions = new int[Scratch.TILE_ROWS];
  private boolean inFlight;
  private boolean failed;
  private boolean closed;

  ReferenceExecutable(
      Program program, ReferenceWeights weights, Limits limits, KvFormat kvFormat, Communicator communicator, MemoryBudget budget,
      AtomicInteger open) {
    communicator.requireFits(program);
    this.program = program;
    this.communicator = communicator;
    this.weights = weights;
    this.layout = new CacheLayout(program.kvGroups(), kvFormat);
    this.budget = budget;
    this.open = open;
    this.table = new SlotTable(program, limits, kvFormat);
    this.sampler = new OutputSampler(table);
    for (Op operation : program.operations()) {
      (domain(operation) == RowDomain.TOKENS ? tokenOperations : outputOperations).add(operation);
      if (operation instanceof Op.Embed embed) {
        requireEntries(embed, limits);
      }
      operation.weights().forEach(weights::view);
      vectorsOf(operation).forEach(spec -> vectors.put(spec, decode(weights.view(spec))));
    }
    this.reservation = budget.reserve(Scratch.bytes(program, limits), "the values of a step of " + program.name());
    try {
      this.scratch = Scratch.allocate(program, limits);
      weights.hold();
    } catch (RuntimeException | OutOfMemoryError e) {
      reservation.close();
      throw e;
    }
    open.incrementAndGet();
  }

  private static RowDomain domain(Op operation) {
    return operation.outputs().isEmpty() ? operation.inputs().getFirst().domain() : operation.outputs().getFirst().domain();
  }

  private void requireEntries(Op.Embed embed, Limits limits) {
    int needed =
        switch (embed.index()) {
          case TOKEN -> program.vocabularySize();
          case POSITION -> limits.maxContext();
        };
    if (embed.firstEntry().isEmpty() && embed.weight().rows() < needed) {
      throw new BackendException(
          embed.site() + " looks up to " + needed + " entries in " + embed.weight() + ": use a smaller vocabulary or context");
    }
  }

  private static List<WeightSpec> vectorsOf(Op operation) {
    return switch (operation) {
      case Op.Norm norm -> norm.weights();
      case Op.Linear linear -> linear.parts().stream().map(Op.Linear.Part::bias).flatMap(Optional::stream).toList();
      case Op.Attention attention -> attention.weights();
      case Op.MoeRoute route -> route.weights();
      case Op.MoeExperts _, Op.Embed _, Op.Rope _, Op.KvWrite _, Op.Map _, Op.Combine _, Op.Gate _, Op.SelectRows _, Op.Zero _,
          Op.AllReduce _, Op.AllGather _ -> List.of();
    };
  }

  private static float[] decode(WeightView view) {
    float[] decoded = new float[view.spec().columns()];
    view.decodeRow(0, decoded, 0);
    return decoded;
  }

  @Override
  public int pipelineDepth() {
    return 1;
  }

  @Override
  public KvCache allocateCache(int blocks) {
    if (blocks < 2) {
      throw new BackendException("a cache of " + blocks + " blocks: the null block and at least one more are needed");
    }
    long bytes = Math.multiplyExact(layout.blockBytes(), blocks);
    return new ReferenceCache(layout, blocks, CountedMemory.allocate(bytes, "a cache of " + blocks + " blocks", budget, open));
  }

  @Override
  public StepHandle submit(StepPlan plan, KvCache cache) {
    if (closed || failed) {
      throw new IllegalStateException(closed ? "the executable is closed" : "the executable is unusable since a step failed");
    }
    if (inFlight) {
      throw new IllegalStateException("a step is in flight: await it first");
    }
    if (!(cache instanceof ReferenceCache ours)) {
      throw new BackendException("this cache was allocated by another backend");
    }
    table.apply(plan, cache.blocks());
    inFlight = true;
    return () -> await(ours);
  }

  private StepResult await(ReferenceCache cache) {
    if (!inFlight) {
      throw new IllegalStateException("the step was awaited before");
    }
    inFlight = false;
    try {
      run(new CacheOperations(table, cache, scratch));
    } catch (RuntimeException e) {
      failed = true;
      throw new BackendException("a step of " + program.name() + " failed: " + e, e);
    }
    return result;
  }

  private void run(CacheOperations cache) {
    result.reset(table.outputs());
    if (table.rows() == 0) {
      return;
    }
    for (Op operation : tokenOperations) {
      execute(operation, table.rowToken(), table.rowPosition(), 0, table.rows(), cache);
    }
    for (int first = 0; first < table.outputs(); first += Scratch.TILE_ROWS) {
      runTile(first, Math.min(Scratch.TILE_ROWS, table.outputs() - first), cache);
    }
    table.appendSampled(result);
  }

  private void runTile(int first, int rows, CacheOperations cache) {
    for (int i = 0; i < rows; i++) {
      tileTokens[i] = table.rowToken()[table.outputRow()[first + i]];
      tilePositions[i] = table.outputPosition()[first + i];
    }
    for (Op operation : outputOperations) {
      execute(operation, tileTokens, tilePositions, first, rows, cache);
    }
    Matrix logits = scratch.of(program.logits());
    for (int i = 0; i < rows; i++) {
      sampler.finish(first + i, logits.data(), logits.row(i), result);
    }
  }

  private void execute(Op operation, int[] tokens, int[] positions, int firstOutput, int rows, CacheOperations cache) {
    switch (operation) {
      case Op.Embed embed ->
          RowOperations.embed(
              embed, weights.view(embed.weight()), embed.index() == Op.Embed.Index.TOKEN ? tokens : positions, rows,
              scratch.of(embed.out()));
      case Op.Norm norm ->
          RowOperations.norm(norm, scratch.of(norm.in()), vector(norm.weight()), vector(norm.bias()), rows,
              scratch.of(norm.out()));
      case Op.Linear linear -> {
        for (Op.Linear.Part part : linear.parts()) {
          RowOperations.linear(
              scratch.of(linear.in()), weights.view(part.weight()), vector(part.bias()), rows, scratch.of(part.out()),
              scratch.weightRow);
        }
      }
      case Op.Rope rope -> RowOperations.rope(rope, scratch.of(rope.in()), positions, rows, scratch.of(rope.out()));
      case Op.KvWrite write -> cache.write(write, scratch.of(write.key()), scratch.of(write.value()));
      case Op.Attention attention ->
          cache.attend(attention, vector(attention.sinks()), scratch.of(attention.query()), scratch.of(attention.out()));
      case Op.MoeRoute route ->
          MoeOperations.route(route, scratch.of(route.logits()), vector(route.selectionBias()), rows, scratch.of(route.out()));
      case Op.MoeExperts experts ->
          MoeOperations.experts(
              experts, scratch.of(experts.in()), scratch.of(experts.route()), weights.view(experts.gate()), weights.view(experts.up()),
              weights.view(experts.down()), rows, scratch.of(experts.out()), scratch.weightRow);
      case Op.Map map -> RowOperations.map(map.function(), scratch.of(map.in()), rows, scratch.of(map.out()));
      case Op.Combine combine ->
          RowOperations.combine(combine.kind(), scratch.of(combine.a()), scratch.of(combine.b()), rows,
              scratch.of(combine.out()));
      case Op.Gate gate ->
          RowOperations.gate(gate.activation(), scratch.of(gate.gate()), scratch.of(gate.up()), rows, scratch.of(gate.out()));
      case Op.SelectRows select ->
          RowOperations.select(scratch.of(select.in()), table.outputRow(), firstOutput, rows, scratch.of(select.out()));
      case Op.Zero zero -> RowOperations.zero(rows, scratch.of(zero.out()));
      case Op.AllReduce reduce ->
          communicator.allReduce(rows(scratch.of(reduce.in())), rows(scratch.of(reduce.out())), rows);
      case Op.AllGather gather ->
          communicator.allGather(
              rows(scratch.of(gather.in())), rows(scratch.of(gather.out())), gather.columnOffsets(), rows);
    }
  }

  private static Communicator.Rows rows(Matrix matrix) {
    return new Communicator.Rows(matrix.data(), matrix.row(0), matrix.stride(), matrix.columns());
  }

  private float @Nullable [] vector(Optional<WeightSpec> spec) {
    return spec.isPresent() ? vectors.get(spec.get()) : null;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      weights.release();
      reservation.close();
      open.decrementAndGet();
    }
  }
}
