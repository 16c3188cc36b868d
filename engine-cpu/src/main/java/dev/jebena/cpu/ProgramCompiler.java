package dev.jebena.cpu;

import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RopeFrequencies;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes stages of a Program. Row operations that follow one another become one stage, so that only products and attention have barriers
 * around them. Operations over output rows run for a window of rows at a time, so that the logits of a step never exist whole.
 */
final class ProgramCompiler {

  /** Stages over tokens, and those over a window of output rows. */
  record Stages(List<Team.Stage> body, List<Team.Stage> tail, StepState state, AttentionUnits units) {}

  /** Operations that become one stage. */
  private record Batch(List<Op> ops, RowDomain domain, boolean rowWise) {}

  private static final long MOST_WORK_FLOATS = Integer.MAX_VALUE - 64;

  private final Program program;
  private final Limits limits;
  private final List<Batch> batches;

  ProgramCompiler(Program program, Limits limits) {
    this.program = program;
    this.limits = limits;
    this.batches = batch(program);
  }

  private static List<Batch> batch(Program program) {
    List<Batch> batches = new ArrayList<>();
    for (RowDomain domain : RowDomain.values()) {
      for (Op op : program.operations()) {
        if (domain(op) == domain) {
          boolean rowWise = isRowWise(op);
          Batch last = batches.isEmpty() ? null : batches.getLast();
          if (rowWise && last != null && last.rowWise && last.domain == domain) {
            last.ops.add(op);
          } else {
            batches.add(new Batch(new ArrayList<>(List.of(op)), domain, rowWise));
          }
        }
      }
    }
    return batches;
  }

  private static RowDomain domain(Op op) {
    return op.outputs().isEmpty() ? RowDomain.TOKENS : op.outputs().getFirst().domain();
  }

  private static boolean isRowWise(Op op) {
    return switch (op) {
      case Op.Linear linear -> false;
      case Op.Attention attention -> false;
      case Op.Embed embed -> true;
      case Op.Norm norm -> true;
      case Op.Rope rope -> true;
      case Op.KvWrite write -> true;
      case Op.MoeRoute route -> true;
      case Op.MoeExperts experts -> false;
      case Op.Map map -> true;
      case Op.Combine combine -> true;
      case Op.Gate gate -> true;
      case Op.SelectRows select -> true;
      case Op.Zero zero -> true;
      case Op.AllReduce reduce -> false;
      case Op.AllGather gather -> false;
    };
  }

  /** Places the values; their size is the scratch memory of the Program. */
  Scratch place() {
    Map<Integer, int[]> lives = new LinkedHashMap<>();
    int lastStage = batches.size();
    for (int stage = 0; stage < batches.size(); stage++) {
      int at = stage;
      // windows of output rows come again and again: what they read must outlive all of them
      int end = batches.get(stage).domain == RowDomain.OUTPUTS ? lastStage : stage;
      for (Op op : batches.get(stage).ops) {
        op.outputs().forEach(value -> lives.computeIfAbsent(value.root(), root -> new int[] {at, end})[1] = end);
        op.inputs().forEach(value -> lives.computeIfAbsent(value.root(), root -> new int[] {at, end})[1] = end);
      }
    }
    Scratch scratch = new Scratch(program.values());
    lives.forEach((root, life) -> {
      Value value = program.values().get(root);
      scratch.place(value, rows(value.domain()), life[0], life[1]);
    });
    return scratch;
  }

  /** Floats beside the values: what the largest mixture of experts has between its products. */
  long workFloats() {
    long most = 0;
    for (Op op : program.operations()) {
      if (op instanceof Op.MoeExperts experts) {
        long pair = 2L * experts.feedForward() + experts.out().columns();
        most = Math.max(most, pair * limits.maxTokens() * experts.topK() + Lanes.WIDTH);
      }
    }
    if (most > MOST_WORK_FLOATS) {
      throw new BackendException(
          "experts need " + most + " floats between their products, an array holds " + MOST_WORK_FLOATS + ": ask for fewer tokens a step");
    }
    return most;
  }

  private int rows(RowDomain domain) {
    return switch (domain) {
      case TOKENS -> limits.maxTokens();
      case OUTPUTS -> Math.min(StepState.WINDOW_ROWS, limits.maxOutputRows());
    };
  }

  /** Builds the stages for a team of {@code workers}. */
  Stages compile(
      SlotTable table, KvLayout layout, CpuWeightSet weights, KernelTable kernels, int workers, Communicator communicator) {
    Scratch scratch = place();
    StepState state = new StepState(table, new float[scratch.size()], layout);
    return new Builder(state, scratch, weights, kernels, workers, communicator).build();
  }

  /** Builds the stages of one Executable. */
  private final class Builder {

    private final StepState state;
    private final Scratch scratch;
    private final CpuWeightSet weights;
    private final KernelTable kernels;
    private final Communicator communicator;
    private final LinearStage.Room[] linearRooms;
    private final float[][] lanes;
    /** What is between the products of experts. */
    private final float[] work = new float[Math.toIntExact(workFloats())];
    private final AttentionUnits units;
    private final Map<RopeFrequencies, RopeTables> tables = new HashMap<>();
    private final Map<List<Integer>, AttentionRooms> attentionRooms = new HashMap<>();

    Builder(
        StepState state, Scratch scratch, CpuWeightSet weights, KernelTable kernels, int workers, Communicator communicator) {
      this.kernels = kernels;
      this.communicator = communicator;
      this.state = state;
      this.scratch = scratch;
      this.weights = weights;
      this.linearRooms = new LinearStage.Room[workers];
      Arrays.setAll(linearRooms, i -> new LinearStage.Room());
      this.lanes = new float[workers][Lanes.WIDTH];
      this.units = new AttentionUnits(state.table, workers);
    }

    Stages build() {
      List<Team.Stage> body = new ArrayList<>();
      List<Team.Stage> tail = new ArrayList<>();
      for (Batch batch : batches) {
        LinearStage.Rows rows = () -> state.rows(batch.domain);
        List<Team.Stage> target = batch.domain == RowDomain.OUTPUTS ? tail : body;
        if (batch.rowWise) {
          List<RowKernel> kernels = new ArrayList<>();
          batch.ops.forEach(op -> kernels.add(rowKernel(op)));
          target.add(
              new RowStage(
                  batch.ops.stream().map(op -> op.getClass().getSimpleName()).collect(Collectors.joining(", ")), rows, kernels));
        } else {
          if (batch.ops.getFirst() instanceof Op.MoeExperts experts) {
            target.addAll(experts(experts, rows));
          } else {
            target.add(stage(batch.ops.getFirst(), rows));
          }
        }
      }
      if (!tables.isEmpty()) {
        body.addFirst(new RowStage("Rope tables", () -> state.table.rows(), List.copyOf(tables.values())));
      }
      return new Stages(body, tail, state, units);
    }

    private Team.Stage stage(Op op, LinearStage.Rows rows) {
      return switch (op) {
        case Op.Linear linear -> linear(linear, rows);
        case Op.Attention attention -> {
          AttentionRooms rooms = attentionRooms.computeIfAbsent(
              List.of(attention.heads(), attention.kvHeads(), attention.headDim(), attention.valueDim()),
              key -> new AttentionRooms(attention, linearRooms.length, units));
          yield new AttentionStage(state, attention, vector(attention.sinks()), units, place(attention.query()), place(attention.out()), rooms);
        }
        case Op.Embed embed -> throw notAStage(embed);
        case Op.Norm norm -> throw notAStage(norm);
        case Op.Rope rope -> throw notAStage(rope);
        case Op.KvWrite write -> throw notAStage(write);
        case Op.MoeRoute route -> throw notAStage(route);
        case Op.MoeExperts experts -> throw new IllegalStateException(experts.site() + " is several stages");
        case Op.Map map -> throw notAStage(map);
        case Op.Combine combine -> throw notAStage(combine);
        case Op.Gate gate -> throw notAStage(gate);
        case Op.SelectRows select -> throw notAStage(select);
        case Op.Zero zero -> throw notAStage(zero);
        case Op.AllReduce reduce -> CollectiveStage.allReduce(communicator, rows, collective(reduce.in()), collective(reduce.out()));
        case Op.AllGather gather -> CollectiveStage.allGather(
            communicator, rows, collective(gather.in()), collective(gather.out()), gather.columnOffsets());
      };
    }

    private Communicator.Rows collective(Value value) {
      return new Communicator.Rows(state.values, scratch.offset(value), scratch.stride(value), value.columns());
    }

    private IllegalStateException notAStage(Op op) {
      return new IllegalStateException(op.site() + " is a row operation");
    }

    /** Gate and up of all pairs of a row and one of its experts, the gate, down, and their sum. */
    private List<Team.Stage> experts(Op.MoeExperts op, LinearStage.Rows rows) {
      int topK = op.topK();
      int wide = op.feedForward();
      int pairs = limits.maxTokens() * topK;
      ExpertStage.Choice choice = new ExpertStage.Choice(op, state.values, place(op.route()));
      RowKernels.Place gate = new RowKernels.Place(0, wide, wide);
      RowKernels.Place up = new RowKernels.Place(pairs * wide, wide, wide);
      RowKernels.Place results = new RowKernels.Place(2 * pairs * wide, op.out().columns(), op.out().columns());
      ExpertStage.Side in = new ExpertStage.Side(state.values, scratch.offset(op.in()), scratch.stride(op.in()), topK);
      ExpertStage.Side hidden = new ExpertStage.Side(work, gate.at(), wide, 1);
      return List.of(
          expert(rows, choice, op.gate(), in, hidden),
          expert(rows, choice, op.up(), in, new ExpertStage.Side(work, up.at(), wide, 1)),
          new RowStage("Gate of experts", () -> rows.count() * topK, List.of(RowKernels.gate(work, op.activation(), gate, up, gate))),
          expert(rows, choice, op.down(), hidden, new ExpertStage.Side(work, results.at(), results.stride(), 1)),
          new RowStage("Sum of experts", rows, List.of(MoeKernels.combine(choice, work, results, place(op.out())))));
    }

    private ExpertStage expert(
        LinearStage.Rows rows, ExpertStage.Choice choice, WeightSpec weight, ExpertStage.Side in, ExpertStage.Side out) {
      return new ExpertStage(kernels, rows, choice, weights.matrix(weight.name()), in, out, linearRooms);
    }

    private LinearStage linear(Op.Linear linear, LinearStage.Rows rows) {
      List<LinearStage.Part> parts = new ArrayList<>();
      for (Op.Linear.Part part : linear.parts()) {
        parts.add(
            new LinearStage.Part(
                weights.matrix(part.weight().name()), vector(part.bias()), scratch.offset(part.out()), scratch.stride(part.out())));
      }
      return new LinearStage(
          kernels, state.values, rows, scratch.offset(linear.in()), scratch.stride(linear.in()), parts, linearRooms);
    }

    private float @Nullable [] vector(Optional<WeightSpec> weight) {
      return weight.isPresent() ? weights.vector(weight.get().name()) : null;
    }

    private RowKernels.Place place(Value value) {
      return new RowKernels.Place(scratch.offset(value), scratch.stride(value), value.columns());
    }

    private RowKernel rowKernel(Op op) {
      float[] values = state.values;
      return switch (op) {
        case Op.Embed embed ->
            RowKernels.embed(state, weights.matrix(embed.weight().name()), embed, place(embed.out()), linearRooms);
        case Op.Norm norm ->
            RowKernels.norm(values, norm, place(norm.in()), place(norm.out()), vector(norm.weight()), vector(norm.bias()), lanes);
        case Op.Rope rope -> RowKernels.rope(
            values, rope, place(rope.in()), place(rope.out()),
            tables.computeIfAbsent(rope.frequencies(), each -> new RopeTables(state.table, each, limits.maxTokens())));
        case Op.KvWrite write -> RowKernels.kvWrite(state, write, place(write.key()), place(write.value()));
        case Op.MoeRoute route ->
            MoeKernels.route(values, route, place(route.logits()), place(route.out()), vector(route.selectionBias()), linearRooms.length);
        case Op.Map map -> RowKernels.map(values, map.function(), place(map.in()), place(map.out()));
        case Op.Combine combine ->
            RowKernels.combine(values, combine.kind(), place(combine.a()), place(combine.b()), place(combine.out()));
        case Op.Gate gate -> RowKernels.gate(values, gate.activation(), place(gate.gate()), place(gate.up()), place(gate.out()));
        case Op.SelectRows select -> RowKernels.select(state, place(select.in()), place(select.out()));
        case Op.Zero zero -> RowKernels.zero(values, place(zero.out()));
        case Op.AllReduce reduce -> throw new IllegalStateException(reduce.site() + " is no row operation");
        case Op.AllGather gather -> throw new IllegalStateException(gather.site() + " is no row operation");
        case Op.Linear linear -> throw new IllegalStateException(linear.site() + " is no row operation");
        case Op.Attention attention -> throw new IllegalStateException(attention.site() + " is no row operation");
        case Op.MoeExperts experts -> throw new IllegalStateException(experts.site() + " is no row operation");
      };
    }
  }
}
