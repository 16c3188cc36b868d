package dev.jebena.cuda;

import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import java.util.Optional;

/**
 * Makes stages of attention. Rows that are attended one by one have their context cut at fixed positions into splits, which are computed by
 * blocks of threads of their own and put together in order: a row's bits depend on nothing but its context.
 */
final class AttentionStages {

  /** Positions of a split. */
  static final int SPLIT_TOKENS = 256;

  /** Rows times splits that have room for what is put together. */
  private static final int PARTIAL_UNITS = 1024;

  private static final int BLOCK = 128;

  private final long partialAt;
  private final long stateAt;
  private final int units;

  /** Takes the room for partial results of the largest attention of a Program. */
  AttentionStages(MemoryPlan plan, Program program, Limits limits) {
    int maxSplits = splits(limits.maxContext());
    long values = 0;
    long heads = 0;
    for (Op op : program.operations()) {
      if (op instanceof Op.Attention attention) {
        values = Math.max(values, (long) attention.heads() * attention.valueDim());
        heads = Math.max(heads, attention.heads());
      }
    }
    units = maxSplits == 1 ? 0 : Math.max(maxSplits, Math.min(PARTIAL_UNITS, limits.maxTokens() * maxSplits));
    partialAt = plan.take(4L * units * values);
    stateAt = plan.take(8L * units * heads);
  }

  /** Splits of a context, rounded up to a power of two so that few graphs suffice. */
  static int splits(int context) {
    int exact = Math.ceilDiv(context, SPLIT_TOKENS);
    return exact <= 1 ? 1 : Integer.highestOneBit(2 * exact - 1);
  }

  private static int window(AttentionMask mask) {
    return switch (mask) {
      case AttentionMask.Causal() -> 0;
      case AttentionMask.SlidingWindow(int tokens) -> tokens;
    };
  }

  private static int headsAtOnce(int group) {
    return group == 1 ? 1 : group <= 4 ? 4 : 8;
  }

  private static int roundUp(int count, int to) {
    return Math.ceilDiv(count, to) * to;
  }

  private static int decodeShared(int heads, int keyDim, int valueDim) {
    int columns = roundUp(Math.max(keyDim, valueDim), 32);
    return 4 * (heads * columns + 64 * (columns + 4));
  }

  /** Columns that the prefill kernel is made for; 0: none is large enough. */
  private static int prefillColumns(Op.Attention op) {
    int columns = Math.max(op.headDim(), op.valueDim());
    return columns <= 64 ? 64 : columns <= 128 ? 128 : columns <= 256 ? 256 : 0;
  }

  /** The kernel over tiles of a run, if it is shipped. */
  static Optional<String> prefillName(KernelCatalog catalog, KvLayout layout, Op.Attention op, Arithmetic arithmetic) {
    String name = "attention_prefill_" + StageFactory.kvName(layout.type()) + "_d" + prefillColumns(op) + arithmetic.suffix();
    return catalog.has(name) ? Optional.of(name) : Optional.empty();
  }

  Stage stage(
      Op.Attention op, StageFactory factory, Kernels kernels, KernelCatalog catalog, KvLayout layout, StepArrays arrays, long base,
      Arithmetic arithmetic) {
    int group = op.heads() / op.kvHeads();
    int atOnce = headsAtOnce(group);
    int shared = decodeShared(atOnce, op.headDim(), op.valueDim());
    Kernel decode = kernels.get("attention_decode_" + StageFactory.kvName(layout.type()) + "_h" + atOnce, shared);
    Kernel combine = kernels.get("attention_combine");
    Place query = factory.place(op.query());
    Place out = factory.place(op.out());
    int gridX = op.kvHeads() * Math.ceilDiv(group, atOnce);
    int window = window(op.mask());
    long sinks = factory.vector(op.sinks());
    long offset = layout.layerOffset(op.group(), op.cacheLayer());
    Optional<Stage> tiles = prefillName(catalog, layout, op, arithmetic)
        .map(name -> tiles(name, op, kernels, layout, arrays, query, out, sinks, arithmetic.pieces()));
    return (step, launcher) -> {
      int rowsAtOnce = step.splits() == 1 ? step.singleRows() : units / step.splits();
      for (int first = 0; first < step.singleRows(); first += rowsAtOnce) {
        int rows = Math.min(rowsAtOnce, step.singleRows() - first);
        Place rowsOut = out.row(first);
        launcher.launch(
            decode, gridX, rows, step.splits(), BLOCK, shared,
            launcher.arguments().matrix(rowsOut).matrix(query.row(first)).i32(op.heads()).i32(op.kvHeads()).i32(op.headDim())
                .i32(op.valueDim()).f32(op.scale()).i32(window).f32(op.softCap()).pointer(sinks)
                .pointer(step.cache()).i64(layout.blockBytes()).i64(offset).i32(layout.blockTokens())
                .pointer(arrays.blockTable(op.group())).i32(arrays.tableStride())
                .pointer(arrays.rowSequence() + 4L * first).pointer(arrays.rowPosition() + 4L * first)
                .i32(SPLIT_TOKENS).pointer(step.splits() == 1 ? 0 : base + partialAt).pointer(step.splits() == 1 ? 0 : base + stateAt));
        if (step.splits() > 1) {
          launcher.launch(
              combine, op.heads(), rows, BLOCK,
              launcher.arguments().matrix(rowsOut).i32(op.heads()).i32(op.valueDim()).pointer(sinks).pointer(base + partialAt).pointer(base + stateAt)
                  .i32(step.splits()).i32(rows));
        }
      }
      if (step.tiles() > 0) {
        tiles.orElseThrow().launch(step, launcher);
      }
    };
  }

  private static Stage tiles(
      String name, Op.Attention op, Kernels kernels, KvLayout layout, StepArrays arrays, Place query, Place out, long sinks,
      int pieces) {
    int columns = prefillColumns(op);
    int keys = columns == 256 ? 16 : 32;
    int shared = pieces * 2 * columns * (64 + 2 * keys);
    Kernel kernel = kernels.get(name, shared);
    return (step, launcher) -> launcher.launch(
        kernel, step.tiles(), op.heads(), 1, BLOCK, shared,
        launcher.arguments().matrix(out).matrix(query).i32(op.heads()).i32(op.kvHeads()).i32(op.headDim()).i32(op.valueDim())
            .f32(op.scale()).i32(window(op.mask())).f32(op.softCap()).pointer(sinks)
            .pointer(step.cache()).i64(layout.blockBytes()).i64(layout.layerOffset(op.group(), op.cacheLayer()))
            .i32(layout.blockTokens()).pointer(arrays.blockTable(op.group())).i32(arrays.tableStride()).pointer(arrays.tiles()));
  }
}
