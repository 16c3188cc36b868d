package dev.jebena.cuda;

import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.weight.BlockType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes stages of products. Few rows: the weight is read once for up to 8 rows, and the norm before is applied on the way. Many rows: tensor
 * cores, after the norm was written out.
 */
final class ProductStages {

  private static final int MATVEC_ROWS = 16;
  private static final int GATE_ROWS = 8;
  private static final int GEMM_ROWS = 64;
  private static final int MATVEC_BLOCK = 512;
  private static final int GEMM_BLOCK = 128;
  private static final int GEMM_STAGE_BYTES = 16384;

  /** How products of many rows are queued. */
  @FunctionalInterface
  interface ManyRows {
    void launch(Launcher launcher, Place in, int rows);
  }

  private final StageFactory factory;
  private final Kernels kernels;
  private final KernelCatalog catalog;
  private final CudaWeightSet weights;
  private final Constants constants;
  private final Arithmetic arithmetic;
  private final Optional<DenseProducts> dense;

  ProductStages(
      StageFactory factory, Kernels kernels, KernelCatalog catalog, CudaWeightSet weights, Constants constants, Arithmetic arithmetic,
      Optional<DenseProducts> dense) {
    this.dense = dense;
    this.factory = factory;
    this.kernels = kernels;
    this.catalog = catalog;
    this.weights = weights;
    this.constants = constants;
    this.arithmetic = arithmetic;
  }

  /**
   * The norm as a product applies it.
   *
   * @param in what is normalised, or the input as it is
   * @param weight address; 0: none
   * @param flag 1: there is a norm
   */
  private record Normed(Place in, long weight, float epsilon, float offset, int flag) {}

  private Normed normed(Node.Input input) {
    Optional<Op.Norm> norm = input.norm();
    return norm.isPresent()
        ? new Normed(
            factory.place(norm.get().in()), factory.vector(norm.get().weight()), norm.get().epsilon(), norm.get().weightOffset(), 1)
        : new Normed(factory.place(input.in()), 0, 0, 0, 0);
  }

  private Constants.Entry entry(Node.Part part) {
    return new Constants.Entry(
        weights.matrix(part.weight()), factory.vector(part.bias()), factory.place(part.out()),
        part.residual().map(factory::place).orElse(Place.NONE));
  }

  /** A kernel for each number of rows that share one read of the weight. */
  private record ByRows(Kernel one, Kernel four, Kernel eight) {

    static ByRows of(Kernels kernels, String name) {
      return new ByRows(kernels.get(name + "_r1"), kernels.get(name + "_r4"), kernels.get(name + "_r8"));
    }

    Kernel of(int rows) {
      return rows == 1 ? one : rows <= 4 ? four : eight;
    }

    static int at(int rows) {
      return rows == 1 ? 1 : rows <= 4 ? 4 : 8;
    }
  }

  /** Products by weights of one type. */
  private record Group(ByRows few, Optional<ManyRows> many, long fewTable, int parts, int fewBlocks) {}

  private Group group(BlockType type, List<Constants.Entry> entries, RowDomain domain) {
    int few = entries.stream().mapToInt(each -> Math.ceilDiv(each.weight().rows(), MATVEC_ROWS)).sum();
    return new Group(
        ByRows.of(kernels, few("matvec", type)), many(type, entries, domain), constants.table(entries, MATVEC_ROWS), entries.size(), few);
  }

  /** The kernels for few rows, by how the rows are rounded. */
  private String few(String kernel, BlockType type) {
    String name = "_" + StageFactory.lower(type);
    String codes = kernel + "_int8" + name;
    return arithmetic == Arithmetic.CODES && catalog.has(codes + "_r1") ? codes : kernel + name;
  }

  private Optional<ManyRows> many(BlockType type, List<Constants.Entry> entries, RowDomain domain) {
    String name = "gemm_" + StageFactory.lower(type) + arithmetic.suffix();
    if (!arithmetic.usesTensorCores() || !catalog.has(name)) {
      return Optional.empty();
    }
    if (dense.isPresent() && DenseProducts.element(type).isPresent()) {
      return Optional.of(dense.get().of(type, entries, domain));
    }
    int shared = GEMM_STAGE_BYTES * (1 + arithmetic.pieces());
    Kernel kernel = kernels.get(name, shared);
    long table = constants.table(entries, GEMM_ROWS);
    int blocks = entries.stream().mapToInt(each -> Math.ceilDiv(each.weight().rows(), GEMM_ROWS)).sum();
    return Optional.of((launcher, in, rows) -> launcher.launch(
        kernel, blocks, Math.ceilDiv(rows, GEMM_ROWS), 1, GEMM_BLOCK, shared,
        launcher.arguments().pointer(table).i32(entries.size()).matrix(in).i32(in.columns()).i32(rows)));
  }

  Stage product(Node.Product node) {
    Map<BlockType, List<Constants.Entry>> byType = new EnumMap<>(BlockType.class);
    for (Node.Part part : node.parts()) {
      Constants.Entry entry = entry(part);
      byType.computeIfAbsent(entry.weight().type(), type -> new ArrayList<>()).add(entry);
    }
    RowDomain domain = node.parts().getFirst().out().domain();
    List<Group> groups = new ArrayList<>();
    byType.forEach((type, entries) -> groups.add(group(type, entries, domain)));
    Normed normed = normed(node.input());
    Place in = factory.place(node.input().in());
    Optional<Stage> norm = normStage(node.input());
    return (step, launcher) -> {
      int rows = step.rows(domain);
      if (rows > arithmetic.matvecRows()) {
        norm.ifPresent(stage -> stage.launch(step, launcher));
      }
      for (Group group : groups) {
        if (rows > arithmetic.matvecRows() && group.many.isPresent()) {
          group.many.get().launch(launcher, in, rows);
        } else {
          few(launcher, group, rows > arithmetic.matvecRows() && node.input().norm().isPresent() ? plain(in) : normed, rows);
        }
      }
    };
  }

  private static Normed plain(Place in) {
    return new Normed(in, 0, 0, 0, 0);
  }

  private Optional<Stage> normStage(Node.Input input) {
    return input.normalises() == Node.Input.Writes.YES ? input.norm().map(factory::norm) : Optional.empty();
  }

  private static void few(Launcher launcher, Group group, Normed normed, int rows) {
    launcher.launch(
        group.few.of(rows), group.fewBlocks, Math.ceilDiv(rows, ByRows.at(rows)), MATVEC_BLOCK,
        launcher.arguments().pointer(group.fewTable).i32(group.parts).matrix(normed.in).i32(normed.in.columns()).i32(rows)
            .pointer(normed.weight).f32(normed.epsilon).f32(normed.offset).i32(normed.flag));
  }

  /** Gate and up together, or by tensor cores and then the gate. */
  Stage gated(Node.GatedProduct node) {
    List<Constants.Entry> entries = List.of(entry(node.gate()), entry(node.up()));
    // the first entry of the fused kernel says where the gated product goes
    List<Constants.Entry> fused = List.of(
        new Constants.Entry(entries.get(0).weight(), entries.get(0).bias(), factory.place(node.out()), Place.NONE), entries.get(1));
    DeviceWeight weight = entries.get(0).weight();
    String name = few("matvec_gate", weight.type());
    boolean hasGate = catalog.has(name + "_r1");
    Optional<ByRows> gateKernels = hasGate ? Optional.of(ByRows.of(kernels, name)) : Optional.empty();
    long table = constants.table(fused, GATE_ROWS);
    int blocks = Math.ceilDiv(weight.rows(), GATE_ROWS);
    RowDomain domain = node.out().domain();
    Group apart = group(weight.type(), entries, domain);
    Stage gate = factory.gate(node.gate().out(), node.up().out(), node.out(), node.activation());
    Normed normed = normed(node.input());
    Place in = factory.place(node.input().in());
    Optional<Stage> norm = normStage(node.input());
    int activation = StageFactory.activation(node.activation());
    return (step, launcher) -> {
      int rows = step.rows(domain);
      if (rows > arithmetic.matvecRows()) {
        norm.ifPresent(stage -> stage.launch(step, launcher));
        if (apart.many.isPresent()) {
          apart.many.get().launch(launcher, in, rows);
          gate.launch(step, launcher);
          return;
        }
      }
      Normed read = rows > arithmetic.matvecRows() && node.input().norm().isPresent() ? plain(in) : normed;
      if (gateKernels.isEmpty()) {
        few(launcher, apart, read, rows);
        gate.launch(step, launcher);
        return;
      }
      launcher.launch(
          gateKernels.get().of(rows), blocks, Math.ceilDiv(rows, ByRows.at(rows)), MATVEC_BLOCK,
          launcher.arguments().pointer(table).i32(activation).matrix(read.in).i32(read.in.columns()).i32(rows)
              .pointer(read.weight).f32(read.epsilon).f32(read.offset).i32(read.flag));
    };
  }
}
