package dev.jebena.cuda;

import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.MapFunction;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.RopeFrequencies;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.WeightSpec;
import java.util.Locale;
import java.util.Optional;

/** Makes stages of the nodes that are no products, attention or collectives; the kernels are those of src/main/cuda/README.md. */
final class StageFactory {

  private static final int ELEMENT_BLOCK = 256;
  private static final int ROW_BLOCK = 128;
  private static final int HEADS_PER_BLOCK = 4;
  private static final int MAX_NORM_BLOCK = 512;

  private final Kernels kernels;
  private final ScratchPlan scratch;
  private final long scratchBase;
  private final CudaWeightSet weights;
  private final StepArrays arrays;
  private final KvLayout layout;
  private final Constants constants;

  StageFactory(
      Kernels kernels, ScratchPlan scratch, long scratchBase, CudaWeightSet weights, StepArrays arrays, KvLayout layout,
      Constants constants) {
    this.kernels = kernels;
    this.scratch = scratch;
    this.scratchBase = scratchBase;
    this.weights = weights;
    this.arrays = arrays;
    this.layout = layout;
    this.constants = constants;
  }

  Place place(Value value) {
    return scratch.place(value, scratchBase);
  }

  long vector(Optional<WeightSpec> spec) {
    return spec.map(weights::vector).orElse(0L);
  }

  static String lower(Enum<?> name) {
    return name.name().toLowerCase(Locale.ROOT);
  }

  static String kvName(KvType type) {
    return lower(type);
  }

  private static int roundUp(int count, int to) {
    return Math.ceilDiv(count, to) * to;
  }

  Stage embed(Op.Embed op) {
    DeviceWeight weight = weights.matrix(op.weight());
    Kernel kernel = kernels.get("embed_" + lower(weight.type()));
    Place out = place(op.out());
    boolean tokens = op.out().domain() == RowDomain.TOKENS;
    long index = switch (op.index()) {
      case TOKEN -> tokens ? arrays.rowToken() : arrays.outputToken();
      case POSITION -> tokens ? arrays.rowPosition() : arrays.outputPosition();
    };
    return (step, launcher) -> {
      int rows = step.rows(op.out().domain());
      launcher.launch(
          kernel, rows, 1, ROW_BLOCK,
          launcher.arguments().matrix(out).pointer(weight.body()).pointer(weight.head()).i32(weight.columns()).i32(weight.rows())
              .i32(op.firstEntry().orElse(-1)).pointer(index + (tokens ? 0 : 4L * step.firstOutput())).i32(rows));
    };
  }

  Stage norm(Op.Norm op) {
    return norm(op, place(op.in()), Place.NONE, Place.NONE, place(op.out()));
  }

  /** The norm of a sum, which is kept. */
  Stage addNorm(Node.AddNorm node) {
    return norm(node.norm(), place(node.add().a()), place(node.add().b()), place(node.add().out()), place(node.norm().out()));
  }

  private Stage norm(Op.Norm op, Place in, Place residual, Place sum, Place out) {
    Kernel kernel = kernels.get("norm_rows");
    int block = Math.clamp(roundUp(op.groupColumns(), 32), 32, MAX_NORM_BLOCK);
    long weight = vector(op.weight());
    long bias = vector(op.bias());
    int kind = switch (op.kind()) {
      case RMS -> 0;
      case LAYER -> 1;
    };
    return (step, launcher) -> launcher.launch(
        kernel, step.rows(op.out().domain()), in.columns() / op.groupColumns(), block,
        launcher.arguments().matrix(out).matrix(in).matrix(residual).matrix(sum)
            .pointer(weight).i32(op.weight().map(WeightSpec::columns).orElse(0))
            .pointer(bias).i32(op.bias().map(WeightSpec::columns).orElse(0))
            .i32(in.columns()).i32(op.groupColumns()).f32(op.epsilon()).f32(op.weightOffset()).i32(kind));
  }

  private static int pairing(Op.Rope.Pairing pairing) {
    return switch (pairing) {
      case HALVES -> 0;
      case INTERLEAVED -> 1;
    };
  }

  Stage rope(Op.Rope op) {
    Kernel kernel = kernels.get("rope");
    Place in = place(op.in());
    Place out = place(op.out());
    int heads = in.columns() / op.headDim();
    RopeFrequencies frequencies = op.frequencies();
    long inverse = constants.inverse(frequencies);
    boolean tokens = op.out().domain() == RowDomain.TOKENS;
    return (step, launcher) -> {
      int rows = step.rows(op.out().domain());
      long positions = tokens ? arrays.rowPosition() : arrays.outputPosition() + 4L * step.firstOutput();
      launcher.launch(
          kernel, Math.ceilDiv(heads, HEADS_PER_BLOCK), rows, ROW_BLOCK,
          launcher.arguments().matrix(out).matrix(in).i32(heads).i32(op.headDim()).i32(frequencies.pairs())
              .i32(pairing(op.pairing())).pointer(inverse).f32(frequencies.magnitude()).pointer(positions).i32(rows));
    };
  }

  Stage cacheWrite(Node.CacheWrite node) {
    Op.KvWrite write = node.write();
    KvGroup.CacheLayer layer = layout.layer(write.group(), write.cacheLayer());
    Kernel kernel = kernels.get("rope_kv_" + kvName(layout.type()));
    Place queryIn = node.query().map(query -> place(query.heads().in())).orElse(Place.NONE);
    Place queryOut = node.query().map(query -> place(query.out())).orElse(Place.NONE);
    Place key = place(node.key().in());
    Place value = place(write.value());
    int heads = queryIn.columns() / layer.keyDim();
    int pairs = node.rotation().map(each -> each.frequencies().pairs()).orElse(0);
    int pairing = node.rotation().map(each -> pairing(each.pairing())).orElse(0);
    float magnitude = node.rotation().map(each -> each.frequencies().magnitude()).orElse(1f);
    long inverse = constants.inverse(node.rotation());
    Optional<Op.Norm> queryNorm = node.query().flatMap(query -> query.heads().norm());
    Optional<Op.Norm> anyNorm = node.key().norm().or(() -> queryNorm);
    long queryWeight = vector(queryNorm.flatMap(Op.Norm::weight));
    long keyWeight = vector(node.key().norm().flatMap(Op.Norm::weight));
    float epsilon = anyNorm.map(Op.Norm::epsilon).orElse(0f);
    float offset = anyNorm.map(Op.Norm::weightOffset).orElse(0f);
    return (step, launcher) -> launcher.launch(
        kernel, Math.ceilDiv(heads + 2 * layer.kvHeads(), HEADS_PER_BLOCK), step.rows(), ROW_BLOCK,
        launcher.arguments().matrix(queryOut).matrix(queryIn).i32(heads).matrix(key).matrix(value)
            .i32(layer.kvHeads()).i32(layer.keyDim()).i32(layer.valueDim()).i32(pairs).i32(pairing).pointer(inverse).f32(magnitude)
            .pointer(queryWeight).pointer(keyWeight).f32(epsilon).f32(offset)
            .pointer(step.cache()).i64(layout.blockBytes()).i64(layout.layerOffset(write.group(), write.cacheLayer()))
            .i32(layout.blockTokens()).pointer(arrays.blockTable(write.group())).i32(arrays.tableStride())
            .pointer(arrays.rowSequence()).pointer(arrays.rowPosition()).i32(step.rows()));
  }

  Stage map(Op.Map op) {
    Kernel kernel = kernels.get("map");
    Place in = place(op.in());
    Place out = place(op.out());
    int function = switch (op.function()) {
      case MapFunction.Activate(Activation activation) -> activation(activation);
      case MapFunction.Scale _ -> 4;
      case MapFunction.SoftCap _ -> 5;
    };
    float parameter = switch (op.function()) {
      case MapFunction.Activate _ -> 0;
      case MapFunction.Scale(float factor) -> factor;
      case MapFunction.SoftCap(float limit) -> limit;
    };
    return (step, launcher) -> elements(
        launcher, kernel, op.out().domain(), step, out,
        launcher.arguments().matrix(out).matrix(in).i32(out.columns()).i32(function).f32(parameter));
  }

  static int activation(Activation activation) {
    return switch (activation) {
      case SILU -> 0;
      case GELU -> 1;
      case GELU_TANH -> 2;
      case RELU -> 3;
    };
  }

  Stage combine(Op.Combine op) {
    Kernel kernel = kernels.get("combine");
    Place a = place(op.a());
    Place b = place(op.b());
    Place out = place(op.out());
    int kind = switch (op.kind()) {
      case ADD -> 0;
      case MULTIPLY -> 1;
    };
    return (step, launcher) -> elements(
        launcher, kernel, op.out().domain(), step, out,
        launcher.arguments().matrix(out).matrix(a).matrix(b).i32(out.columns()).i32(kind));
  }

  Stage gate(Value gateValue, Value upValue, Value outValue, Activation activation) {
    Kernel kernel = kernels.get("gate");
    Place gate = place(gateValue);
    Place up = place(upValue);
    Place out = place(outValue);
    return (step, launcher) -> elements(
        launcher, kernel, outValue.domain(), step, out,
        launcher.arguments().matrix(out).matrix(gate).matrix(up).i32(out.columns()).i32(activation(activation)));
  }

  Stage select(Op.SelectRows op) {
    Kernel kernel = kernels.get("select_rows");
    Place in = place(op.in());
    Place out = place(op.out());
    return (step, launcher) -> elements(
        launcher, kernel, RowDomain.OUTPUTS, step, out,
        launcher.arguments().matrix(out).matrix(in).i32(out.columns()).pointer(arrays.outputRow() + 4L * step.firstOutput()));
  }

  Stage zero(Op.Zero op) {
    Kernel kernel = kernels.get("zero");
    Place out = place(op.out());
    return (step, launcher) -> elements(
        launcher, kernel, op.out().domain(), step, out, launcher.arguments().matrix(out).i32(out.columns()));
  }

  private static void elements(Launcher launcher, Kernel kernel, RowDomain domain, Step step, Place out, Arguments arguments) {
    launcher.launch(kernel, Math.ceilDiv(out.columns(), ELEMENT_BLOCK), step.rows(domain), ELEMENT_BLOCK, arguments);
  }
}
