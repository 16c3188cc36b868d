package dev.jebena.cuda;

import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.weight.BlockType;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Products of many rows by dense 16-bit weights: the rows are cut into 16-bit pieces (two keep float32's answers), cuBLAS multiplies each piece with the weight
 * as it is, and a last kernel scales, adds bias and residual where there are any.
 */
final class DenseProducts {

  private static final int BLOCK = 256;

  /**
   * Memory of one Executable for the pieces of the rows and for cuBLAS.
   *
   * @param pieceBytes of all rows, once
   */
  record Room(long piecesAt, long pieceBytes, long scalesAt, long workspaceAt) {

    /** Takes the room that a Program needs; nothing, if it has no such product or never so many rows. */
    static Optional<Room> plan(MemoryPlan plan, Program program, Limits limits, Arithmetic arithmetic) {
      int widest = 0;
      for (Op op : program.operations()) {
        if (op instanceof Op.Linear linear
            && linear.parts().stream().anyMatch(part -> element(Planes.of(part.weight()).type()).isPresent())) {
          widest = Math.max(widest, linear.in().columns());
        }
      }
      int rows = Math.max(limits.maxTokens(), Math.min(ScratchPlan.WINDOW_ROWS, limits.maxOutputRows()));
      if (widest == 0 || rows <= arithmetic.matvecRows()) {
        return Optional.empty();
      }
      long pieceBytes = Planes.aligned(2L * rows * stride(widest));
      return Optional.of(
          new Room(plan.take(arithmetic.pieces() * pieceBytes), pieceBytes, plan.take(4L * rows), plan.take(Cublas.WORKSPACE_BYTES)));
    }
  }

  /** What cuBLAS chooses its kernels by. */
  private record Shape(Cublas.Element element, int weightRows, int columns, int rows) {}

  private final Cublas cublas;
  private final Kernels kernels;
  private final Arithmetic arithmetic;
  private final Room room;
  private final long base;
  private final Limits limits;
  private final Set<Shape> warm = new HashSet<>();

  DenseProducts(Cublas cublas, Kernels kernels, Arithmetic arithmetic, Room room, long base, Limits limits) {
    this.limits = limits;
    this.cublas = cublas;
    this.kernels = kernels;
    this.arithmetic = arithmetic;
    this.room = room;
    this.base = base;
  }

  /** What cuBLAS calls a type of weights, if it multiplies it as it is. */
  static Optional<Cublas.Element> element(BlockType type) {
    return switch (type) {
      case F16 -> Optional.of(Cublas.Element.F16);
      case BF16 -> Optional.of(Cublas.Element.BF16);
      case F32, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> Optional.empty();
    };
  }

  /** Rows are padded as those of weights are, so that each begins on a border of 64 bytes. */
  private static int stride(int columns) {
    return Math.ceilDiv(columns, Planes.UNIT) * Planes.UNIT;
  }

  /**
   * Runs a product once for each number of rows that may be captured: cuBLAS loads its kernels when they are first used, which is not allowed within a capture.
   * The pieces are still zero, and what lies in the place of the result is of no use yet.
   */
  private void warmUp(Cublas.Element element, Constants.Entry entry, RowDomain domain) {
    DeviceWeight weight = entry.weight();
    Buckets buckets = new Buckets(limits);
    cublas.workspace(base + room.workspaceAt);
    IntStream.rangeClosed(arithmetic.matvecRows() + 1, limits.maxSequences()).map(buckets::rows)
        .map(rows -> Math.min(rows, ScratchPlan.rows(domain, limits))).distinct().forEach(rows -> {
      if (rows > arithmetic.matvecRows() && warm.add(new Shape(element, weight.rows(), weight.columns(), rows))) {
        int stride = stride(weight.columns());
        Place out = new Place(entry.out().address(), entry.out().stride(), weight.rows());
        for (Cublas.Before before : Cublas.Before.values()) {
          cublas.multiply(element, base + room.piecesAt, stride, weight.body(), stride, weight.columns(), out, rows, before);
        }
      }
    });
  }

  /** Products of rows with weights of one type, which {@link #element} knows. */
  ProductStages.ManyRows of(BlockType type, List<Constants.Entry> entries, RowDomain domain) {
    Cublas.Element element = element(type).orElseThrow();
    Kernel split = kernels.get("split_" + StageFactory.lower(type) + "_x" + arithmetic.pieces());
    Kernel finish = kernels.get("finish_rows");
    long high = base + room.piecesAt;
    long low = arithmetic.pieces() == 2 ? high + room.pieceBytes : 0;
    long scales = element == Cublas.Element.F16 ? base + room.scalesAt : 0;
    entries.forEach(entry -> warmUp(element, entry, domain));
    return (launcher, in, rows) -> {
      int stride = stride(in.columns());
      launcher.launch(
          split, rows, 1, BLOCK,
          launcher.arguments().pointer(high).pointer(low).pointer(scales).matrix(in).i32(in.columns()).i32(stride));
      cublas.workspace(base + room.workspaceAt);
      for (Constants.Entry entry : entries) {
        Place out = new Place(entry.out().address(), entry.out().stride(), entry.weight().rows());
        long weight = entry.weight().body();
        if (low != 0) {
          // the small products first: they are lost less beside each other
          cublas.multiply(element, low, stride, weight, stride, in.columns(), out, rows, Cublas.Before.REPLACED);
        }
        cublas.multiply(
            element, high, stride, weight, stride, in.columns(), out, rows, low != 0 ? Cublas.Before.ADDED_TO : Cublas.Before.REPLACED);
        if (scales != 0 || entry.bias() != 0 || entry.residual().address() != 0) {
          launcher.launch(
              finish, Math.ceilDiv(out.columns(), BLOCK), rows, BLOCK,
              launcher.arguments().matrix(out).i32(out.columns()).pointer(scales).pointer(entry.bias()).matrix(entry.residual()));
        }
      }
    };
  }
}
