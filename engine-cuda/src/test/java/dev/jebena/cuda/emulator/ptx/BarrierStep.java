package dev.jebena.cuda.emulator.ptx;

/**
 * A barrier of the block.
 *
 * <p>The registers of {@code id} and {@code count} hold the barrier's number and how many threads it takes; -1 for {@code count}: all.
 */
final class BarrierStep extends Step {

  /** What a barrier does with the predicate that threads bring. */
  enum Reduction {
    NONE,
    AND,
    OR,
    POPC
  }

  final boolean aligned;
  final Reduction reduction;
  private final int id;
  private final int count;
  private final int source;
  private final boolean sourceNegated;
  private final int target;

  BarrierStep(boolean aligned, int id, int count, Reduction reduction, int source, boolean sourceNegated, int target) {
    super(true);
    this.aligned = aligned;
    this.id = id;
    this.count = count;
    this.reduction = reduction;
    this.source = source;
    this.sourceNegated = sourceNegated;
    this.target = target;
  }

  int id(Warp w) {
    return w.r[id + Math.max(0, Integer.numberOfTrailingZeros(w.live) & 31)];
  }

  /** How many threads the barrier takes, 0: all. */
  int count(Warp w) {
    return count < 0 ? 0 : w.r[count + (Integer.numberOfTrailingZeros(w.live) & 31)];
  }

  /** The lanes of the warp that bring true. */
  int brought(Warp w) {
    return (sourceNegated ? ~w.p[source] : w.p[source]) & w.live;
  }

  void give(Warp w, int result) {
    if (reduction == Reduction.POPC) {
      for (int lane = 0; lane < LaneLoop.LANES; lane++) {
        w.r[target + lane] = result;
      }
    } else if (reduction != Reduction.NONE) {
      w.p[target] = result != 0 ? -1 : 0;
    }
  }

  @Override
  void run(Warp w, int mask) {
    if (mask == 0) {
      w.pc++;
    } else {
      w.waitAtBarrier(mask);
    }
  }
}
