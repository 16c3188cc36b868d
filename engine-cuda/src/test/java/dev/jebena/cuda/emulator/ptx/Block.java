package dev.jebena.cuda.emulator.ptx;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A block of threads: its warps, its shared memory and its barriers. Used for one place of the grid after the other, and for later launches
 * of the same kernel: registers are large, and constants among them are filled once.
 */
final class Block {

  /** Steps that a warp runs before another one has a turn. */
  private static final int SLICE = 1 << 14;

  final Kernel kernel;
  final Statistics statistics;
  final java.util.Set<Check> checks;
  Grid grid;
  final int sharedBytes;
  final long shared;
  final long sharedShadow;
  final long local;
  final long localShadow;
  final int localStride;
  final @Nullable SharedRaces races;
  private final Warp[] warps;
  private final MemorySegment memory;
  private final long sharedEnd;
  private MatrixSteps.@Nullable Operands operands;
  private final int[] arrivedElsewhere = new int[16];

  int x;
  int y;
  int z;

  Block(Grid grid) {
    this.grid = grid;
    this.kernel = grid.kernel;
    this.checks = grid.checks;
    this.statistics = new Statistics(kernel.steps.length);
    int threads = grid.shape.threads();
    int warpCount = (threads + LaneLoop.LANES - 1) / LaneLoop.LANES;
    sharedBytes = kernel.sharedBytes + grid.shape.dynamicSharedBytes();
    sharedShadow = round(sharedBytes);
    localStride = round(kernel.localBytes);
    localShadow = (long) localStride * LaneLoop.LANES * warpCount;
    sharedEnd = 2 * sharedShadow;
    memory = Arena.ofAuto().allocate(Math.max(16, sharedEnd + 2 * localShadow), 16);
    shared = memory.address();
    local = shared + sharedEnd;
    races = checks.contains(Check.RACES) && sharedBytes > 0 ? new SharedRaces(this, warpCount, sharedBytes) : null;
    warps = new Warp[warpCount];
    for (int i = 0; i < warpCount; i++) {
      warps[i] = new Warp(this, i);
    }
  }

  MatrixSteps.Operands operands() {
    MatrixSteps.Operands room = operands;
    if (room == null) {
      room = new MatrixSteps.Operands();
      operands = room;
    }
    return room;
  }

  /** Whether the block can run in a launch. */
  boolean fits(Grid other) {
    Grid.Shape mine = grid.shape;
    Grid.Shape theirs = other.shape;
    return mine.blockX() == theirs.blockX() && mine.blockY() == theirs.blockY() && mine.blockZ() == theirs.blockZ()
        && mine.dynamicSharedBytes() == theirs.dynamicSharedBytes() && checks.equals(other.checks);
  }

  /** Makes the block one of a launch. */
  void join(Grid other) {
    grid = other;
    statistics.clear();
    for (Warp warp : warps) {
      warp.join();
    }
  }

  private static int round(int bytes) {
    return (bytes + 15) / 16 * 16;
  }

  /** Puts the block at a place of the grid. */
  void start(long number) {
    Grid.Shape shape = grid.shape;
    x = (int) (number % shape.gridX());
    y = (int) (number / shape.gridX() % shape.gridY());
    z = (int) (number / ((long) shape.gridX() * shape.gridY()));
    if (sharedShadow > 0) {
      memory.asSlice(sharedShadow, sharedShadow).fill((byte) 0);
    }
    if (localShadow > 0) {
      memory.asSlice(sharedEnd + localShadow, localShadow).fill((byte) 0);
    }
    if (races != null) {
      races.start();
    }
    java.util.Arrays.fill(arrivedElsewhere, 0);
    for (Warp warp : warps) {
      warp.start(shape.threads());
    }
  }

  /** Gives each warp a turn, and more as long as barriers open. False while threads are left. */
  boolean run() {
    while (true) {
      boolean sliceOver = false;
      boolean done = true;
      for (Warp warp : warps) {
        if (warp.state == Warp.State.RUNNING) {
          warp.run(SLICE);
        }
        sliceOver |= warp.state == Warp.State.RUNNING;
        done &= warp.state == Warp.State.DONE;
      }
      if (done) {
        return true;
      }
      boolean opened = openBarriers();
      if (!opened && !sliceOver) {
        throw stuck();
      }
      if (sliceOver) {
        return false;
      }
    }
  }

  /** A warp goes on, but counts as having arrived at barrier {@code id}. */
  void arrive(int id, Warp warp) {
    arrivedElsewhere[id & 15] += LaneLoop.LANES;
    if (races != null) {
      races.arrive(id, warp.number);
    }
  }

  private boolean openBarriers() {
    boolean opened = false;
    for (int id = 0; id < 16; id++) {
      boolean[] arrived = new boolean[warps.length];
      int count = 0;
      int threads = arrivedElsewhere[id];
      boolean all = true;
      boolean any = false;
      for (int i = 0; i < warps.length; i++) {
        Warp warp = warps[i];
        if (warp.state == Warp.State.AT_BARRIER && warp.barrier().id(warp) == id) {
          arrived[i] = true;
          any = true;
          threads += LaneLoop.LANES;
          count = Math.max(count, warp.barrier().count(warp));
        } else if (warp.state != Warp.State.DONE) {
          all = false;
        }
      }
      if (any && (count == 0 ? all : threads >= count)) {
        if (count == 0 && checks.contains(Check.EXITED_AT_BARRIER)) {
          checkNobodyLeft(arrived);
        }
        arrivedElsewhere[id] = 0;
        open(id, arrived);
        opened = true;
      }
    }
    return opened;
  }

  private void checkNobodyLeft(boolean[] arrived) {
    for (int i = 0; i < warps.length; i++) {
      int lanes = Math.min(LaneLoop.LANES, grid.shape.threads() - i * LaneLoop.LANES);
      int gone = (lanes == 32 ? -1 : (1 << lanes) - 1) & ~warps[i].live;
      if (gone != 0) {
        int waiting = 0;
        while (!arrived[waiting]) {
          waiting++;
        }
        Warp warp = warps[waiting];
        throw new KernelFault(KernelFault.Kind.DIVERGENT_BARRIER,
            "divergent barrier: %s has returned and never reaches it\n  %s; %s".formatted(
                thread(i * LaneLoop.LANES + Integer.numberOfTrailingZeros(gone)), this, warp.describeGroups()));
      }
    }
  }

  private void open(int id, boolean[] arrived) {
    BarrierStep.Reduction reduction = BarrierStep.Reduction.NONE;
    int popc = 0;
    boolean and = true;
    for (int i = 0; i < warps.length; i++) {
      if (arrived[i]) {
        BarrierStep step = warps[i].barrier();
        reduction = step.reduction;
        if (reduction != BarrierStep.Reduction.NONE) {
          int brought = step.brought(warps[i]);
          popc += Integer.bitCount(brought);
          and &= brought == warps[i].live;
        }
      }
    }
    int result = switch (reduction) {
      case NONE -> 0;
      case AND -> and ? 1 : 0;
      case OR -> popc != 0 ? 1 : 0;
      case POPC -> popc;
    };
    if (races != null) {
      races.barrier(id, arrived);
    }
    for (int i = 0; i < warps.length; i++) {
      if (arrived[i]) {
        warps[i].barrier().give(warps[i], result);
        warps[i].passBarrier();
      }
    }
  }

  private KernelFault stuck() {
    StringBuilder text = new StringBuilder("divergent barrier: the threads of a block wait for each other at different barriers");
    text.append("\n  in ").append(kernel.name).append(", ").append(this);
    describe(text);
    return new KernelFault(KernelFault.Kind.DIVERGENT_BARRIER, text.toString());
  }

  void describe(StringBuilder text) {
    for (Warp warp : warps) {
      text.append("\n  warp ").append(warp.number).append(": ").append(warp.state == Warp.State.DONE ? "done" : warp.describeGroups());
    }
  }

  String thread(int number) {
    Grid.Shape shape = grid.shape;
    return "thread (%d, %d, %d)".formatted(number % shape.blockX(), number / shape.blockX() % shape.blockY(), number / (shape.blockX() * shape.blockY()));
  }

  @Override
  public String toString() {
    return "block (%d, %d, %d)".formatted(x, y, z);
  }
}
