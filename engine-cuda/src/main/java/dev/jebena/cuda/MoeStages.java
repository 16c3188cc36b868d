package dev.jebena.cuda;

import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;

/**
 * Makes stages of mixtures of experts. Pairs of a row and one of its experts are sorted by expert, so that up to 8 of them share one read of the expert's weight;
 * a row's bits do not depend on who shares it.
 */
final class MoeStages {

  /** The most experts that the kernels' shared memory has room for. */
  static final int MAX_EXPERTS = 512;

  private static final int SHARED_ROWS = 8;
  private static final int ROUTE_ROWS = 4;
  private static final int GROUP_BLOCK = 512;
  private static final int MATVEC_BLOCK = 512;
  private static final int ELEMENT_BLOCK = 256;
  private static final int GATE_COLUMNS = 8;
  private static final int MATVEC_COLUMNS = 16;
  private static final int TILE_BYTES = 16;

  private final long orderAt;
  private final long tilesAt;
  private final long hiddenAt;
  private final long resultsAt;

  /** Takes the room that the largest mixture of a Program needs. */
  MoeStages(MemoryPlan plan, Program program, Limits limits) {
    long pairs = 0;
    long tiles = 0;
    long hidden = 0;
    long results = 0;
    for (Op op : program.operations()) {
      if (op instanceof Op.MoeExperts experts) {
        int most = limits.maxTokens() * experts.topK();
        pairs = Math.max(pairs, most);
        tiles = Math.max(tiles, mostTiles(experts, limits));
        hidden = Math.max(hidden, (long) most * experts.feedForward());
        results = Math.max(results, (long) most * experts.out().columns());
      }
    }
    orderAt = plan.take(4 * pairs);
    // with one row each of its pairs is a tile
    tilesAt = plan.take(TILE_BYTES * Math.max(tiles, Math.min(pairs, MAX_EXPERTS)));
    hiddenAt = plan.take(4 * hidden);
    resultsAt = plan.take(4 * results);
  }

  /** The most tiles that a step of many rows can have: the second dimension of a grid. */
  static int mostTiles(Op.MoeExperts experts, Limits limits) {
    return tiles(limits.maxTokens() * experts.topK(), experts.experts(), SHARED_ROWS);
  }

  /** The most tiles that pairs can be cut into. */
  private static int tiles(int pairs, int experts, int tileRows) {
    return tileRows == 1 ? pairs : Math.min(pairs, pairs / tileRows + experts);
  }

  Stage route(Op.MoeRoute op, StageFactory factory, Kernels kernels) {
    Kernel kernel = kernels.get("moe_route");
    Place logits = factory.place(op.logits());
    Place out = factory.place(op.out());
    long bias = factory.vector(op.selectionBias());
    int sigmoid = switch (op.scoring()) {
      case SOFTMAX -> 0;
      case SIGMOID -> 1;
    };
    int renormalise = switch (op.weighting()) {
      case AS_SCORED -> 0;
      case RENORMALISED -> 1;
    };
    return (step, launcher) -> launcher.launch(
        kernel, Math.ceilDiv(step.rows(), ROUTE_ROWS), 1, ROUTE_ROWS * 32,
        launcher.arguments().matrix(out).matrix(logits).i32(logits.columns()).i32(op.topK()).i32(sigmoid).i32(renormalise).f32(op.scale())
            .pointer(bias).i32(step.rows()));
  }

  /** Kernels for one row, and for more. */
  private record ByRows(Kernel one, Kernel more) {

    static ByRows of(Kernels kernels, String name, DeviceWeight weight) {
      String full = name + "_" + StageFactory.lower(weight.type());
      return new ByRows(kernels.get(full + "_r1"), kernels.get(full + "_r" + SHARED_ROWS));
    }

    Kernel of(int rows) {
      return rows == 1 ? one : more;
    }
  }

  Stage experts(Op.MoeExperts op, StageFactory factory, Kernels kernels, CudaWeightSet weights, long base) {
    DeviceWeight gate = weights.matrix(op.gate());
    DeviceWeight up = weights.matrix(op.up());
    DeviceWeight down = weights.matrix(op.down());
    Kernel group = kernels.get("moe_group");
    ByRows gated = ByRows.of(kernels, "moe_gate", gate);
    ByRows product = ByRows.of(kernels, "moe_matvec", down);
    Kernel combine = kernels.get("moe_combine");
    Place in = factory.place(op.in());
    Place route = factory.place(op.route());
    Place out = factory.place(op.out());
    int activation = StageFactory.activation(op.activation());
    long order = base + orderAt;
    long tiles = base + tilesAt;
    long hidden = base + hiddenAt;
    long results = base + resultsAt;
    int wide = op.feedForward();
    return (step, launcher) -> {
      int rows = step.rows();
      int tileRows = rows == 1 ? 1 : SHARED_ROWS;
      int count = tiles(rows * op.topK(), op.experts(), tileRows);
      launcher.launch(
          group, 1, 1, GROUP_BLOCK,
          launcher.arguments().pointer(order).pointer(tiles).i32(count).matrix(route).i32(op.topK()).i32(op.firstExpert()).i32(op.experts())
              .i32(tileRows).i32(rows));
      launcher.launch(
          gated.of(rows), Math.ceilDiv(wide, GATE_COLUMNS), count, MATVEC_BLOCK,
          launcher.arguments().pointer(hidden).pointer(gate.body()).pointer(gate.head()).pointer(up.body()).pointer(up.head()).i32(activation)
              .matrix(in).i32(in.columns()).i32(op.topK()).i32(wide).pointer(order).pointer(tiles));
      launcher.launch(
          product.of(rows), Math.ceilDiv(out.columns(), MATVEC_COLUMNS), count, MATVEC_BLOCK,
          launcher.arguments().pointer(results).pointer(down.body()).pointer(down.head()).pointer(hidden).i32(wide).i32(wide).i32(1)
              .i32(out.columns()).pointer(order).pointer(tiles));
      launcher.launch(
          combine, Math.ceilDiv(out.columns(), ELEMENT_BLOCK), rows, ELEMENT_BLOCK,
          launcher.arguments().matrix(out).pointer(results).matrix(route).i32(op.topK()).i32(op.firstExpert()).i32(op.experts())
              .i32(out.columns()));
    };
  }
}
