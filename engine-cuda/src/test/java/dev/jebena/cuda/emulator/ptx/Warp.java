package dev.jebena.cuda.emulator.ptx;

import java.util.Arrays;

/**
 * 32 threads in lockstep, as far as their ways are one.
 *
 * <p>Where lanes take different ways the warp falls into groups, each with its place in the code. The group that is furthest back runs, up to
 * the place of the next one, where they become one again: compilers lay code out so that ways meet further on. A group that waits for others (at a
 * shuffle, a barrier) lets them run; one that has run long lets others have a turn, so that lanes may wait for each other through memory, as
 * they may since Volta.
 */
final class Warp {

  /** What a warp is doing. */
  enum State {
    RUNNING,
    AT_BARRIER,
    DONE
  }

  private static final int RUN = 0;
  private static final int AT_COLLECTIVE = 1;
  private static final int AT_BARRIER = 2;

  final Block block;
  final int number;
  final int[] r;
  final long[] q;
  final int[] p;
  /** Room for a register's lanes. */
  final long[] addresses = new long[LaneLoop.LANES];
  final AsyncCopies copies = new AsyncCopies();
  final Memory memory;
  private final Step[] steps;
  private final long[] counts;

  State state = State.RUNNING;
  int live;
  int active;
  int pc;

  /** The lane at work when a fault was found, for its message. */
  int lane;

  private int next;
  private int groups;
  private final int[] groupPc = new int[33];
  private final int[] groupMask = new int[33];
  private final int[] groupWait = new int[33];

  Warp(Block block, int number) {
    this.block = block;
    this.number = number;
    Kernel kernel = block.kernel;
    r = new int[LaneLoop.LANES * kernel.narrowRegisters];
    q = new long[LaneLoop.LANES * kernel.wideRegisters];
    p = new int[kernel.predicates];
    steps = kernel.steps;
    counts = block.statistics.laneSteps;
    memory = new Memory(this);
    p[Registers.TRUE] = -1;
    kernel.narrowConstants.forEach((index, value) -> Arrays.fill(r, index, index + LaneLoop.LANES, value));
    kernel.wideConstants.forEach((index, value) -> Arrays.fill(q, index, index + LaneLoop.LANES, value));
    join();
  }

  /** Fills what differs from launch to launch. */
  void join() {
    Kernel kernel = block.kernel;
    kernel.symbols.forEach(s -> Arrays.fill(q, s.register(), s.register() + LaneLoop.LANES, block.grid.symbolAddress(s.symbol())));
    SpecialRegisters.fill(kernel.specials, r, number, block);
  }

  private void fill(String special, int value) {
    Integer index = block.kernel.specials.get(special);
    if (index != null) {
      Arrays.fill(r, index, index + LaneLoop.LANES, value);
    }
  }

  /** Puts the warp at the start of its kernel, for the block's place in the grid. */
  void start(int threads) {
    fill("%ctaid.x", block.x);
    fill("%ctaid.y", block.y);
    fill("%ctaid.z", block.z);
    int lanes = Math.min(LaneLoop.LANES, threads - number * LaneLoop.LANES);
    live = lanes == 32 ? -1 : (1 << lanes) - 1;
    active = live;
    pc = 0;
    groups = 0;
    next = Integer.MAX_VALUE;
    state = State.RUNNING;
    copies.clear();
    memory.start();
  }

  /** Runs up to {@code budget} steps. */
  void run(int budget) {
    Step[] code = steps;
    try {
      while (budget-- > 0) {
        if (pc == next && !reschedule()) {
          return;
        }
        Step step = code[pc];
        int mask = active;
        if (step.guard >= 0) {
          int guard = p[step.guard];
          mask &= step.negated ? ~guard : guard;
        }
        counts[pc] += Integer.bitCount(mask);
        if (step.control) {
          step.run(this, mask);
          if (active == 0 && !reschedule()) {
            return;
          }
        } else {
          if (mask != 0) {
            step.run(this, mask);
          }
          pc++;
        }
      }
      if (groups > 0) {
        rotate();
      }
    } catch (KernelFault e) {
      throw new KernelFault(e.kind(), e.getMessage() + "\n  " + whereabouts(pc, lane));
    } catch (ArithmeticException | IndexOutOfBoundsException | NullPointerException e) {
      StackTraceElement[] trace = e.getStackTrace();
      throw new KernelFault(KernelFault.Kind.INTERNAL, "the emulator failed: " + e + (trace.length > 0 ? " at " + trace[0] : "") + "\n  " + whereabouts(pc, lane));
    }
  }

  /** Kernel, block, thread and instruction, for messages. */
  String whereabouts(int at, int ofLane) {
    Step step = steps[Math.min(at, steps.length - 1)];
    return "in " + block.kernel.name + ", " + block + ", " + block.thread(number * LaneLoop.LANES + ofLane) + " at line " + step.line + ": " + step.text;
  }

  void branch(int target, int taken) {
    int rest = active & ~taken;
    if (taken == 0) {
      pc++;
      return;
    }
    if (rest != 0) {
      push(pc + 1, rest, RUN);
      active = taken;
    }
    pc = target;
    if (groups > 0) {
      reschedule();
    }
  }

  /** A jump of some of those that jump here: the others of {@code all} come to this step again, the rest of the group goes on. */
  void split(int target, int taken, int all) {
    int rest = active & ~all;
    int again = all & ~taken;
    if (rest != 0) {
      push(pc + 1, rest, RUN);
    }
    if (again != 0) {
      push(pc, again, RUN);
    }
    active = taken;
    pc = target;
    if (groups > 0) {
      reschedule();
    }
  }

  void exit(int mask) {
    live &= ~mask;
    active &= ~mask;
    for (int i = 0; i < groups; i++) {
      if (groupWait[i] == AT_COLLECTIVE) {
        groupWait[i] = RUN; // it may have waited for those that are gone
      }
    }
    if (active != 0) {
      pc++;
    }
    if (groups > 0 && active != 0) {
      reschedule();
    }
  }

  /** Runs {@code step} if all lanes that it names are here, and lets the group wait otherwise. */
  void collective(Step.Collective step, int mask) {
    if (mask == 0) {
      pc++;
      return;
    }
    if (mask == -1 && step.everyone(this)) {
      step.together(this, mask);
      pc++;
      return;
    }
    for (int m = mask; m != 0; m &= m - 1) {
      lane = Integer.numberOfTrailingZeros(m);
      int members = step.members(this, lane);
      if ((members >> lane & 1) == 0) {
        throw new KernelFault(KernelFault.Kind.SHUFFLE_MASK, "lane " + lane + " is not in its own mask 0x" + Integer.toHexString(members));
      }
      if ((members & live & ~mask) != 0) {
        int rest = active & ~mask;
        if (rest != 0) { // those that the guard excludes go on
          push(pc + 1, rest, RUN);
        }
        push(pc, mask, AT_COLLECTIVE);
        active = 0;
        return;
      }
    }
    int left = mask;
    while (left != 0) {
      lane = Integer.numberOfTrailingZeros(left);
      int together = step.members(this, lane) & mask;
      for (int m = together; m != 0; m &= m - 1) {
        int other = Integer.numberOfTrailingZeros(m);
        if ((step.members(this, other) & live) != (step.members(this, lane) & live)) {
          throw new KernelFault(KernelFault.Kind.SHUFFLE_MASK, "lanes %d and %d come with different masks, 0x%x and 0x%x".formatted(lane, other,
              step.members(this, lane), step.members(this, other)));
        }
      }
      step.together(this, together);
      left &= ~together;
    }
    pc++;
  }

  /** Lets the current group wait for a barrier of the block. */
  void waitAtBarrier(int mask) {
    int rest = active & ~mask;
    if (rest != 0) {
      push(pc + 1, rest, RUN);
    }
    push(pc, mask, AT_BARRIER);
    active = 0;
  }

  /** All groups that wait at a barrier go on behind it. */
  void passBarrier() {
    int waiting = groups;
    groups = 0;
    for (int i = 0; i < waiting; i++) { // pushing at most overwrites what was read already
      push(groupPc[i] + 1, groupMask[i], RUN);
    }
    state = State.RUNNING;
    reschedule();
  }

  /** The step at which the warp waits for a barrier. */
  BarrierStep barrier() {
    return (BarrierStep) steps[groupPc[0]];
  }

  private void push(int at, int mask, int wait) {
    for (int i = 0; i < groups; i++) {
      if (groupPc[i] == at) {
        groupMask[i] |= mask;
        groupWait[i] = RUN; // with more lanes, what one of the two waited for may be there
        return;
      }
    }
    groupPc[groups] = at;
    groupMask[groups] = mask;
    groupWait[groups++] = wait;
  }

  /** Chooses the group that is furthest back of those that can run. False if none can. */
  private boolean reschedule() {
    if (active != 0) {
      push(pc, active, RUN);
      active = 0;
    }
    int best = -1;
    for (int i = 0; i < groups; i++) {
      if (groupWait[i] == RUN && (best < 0 || groupPc[i] < groupPc[best])) {
        best = i;
      }
    }
    if (best < 0) {
      stop();
      return false;
    }
    choose(best);
    return true;
  }

  private void choose(int group) {
    pc = groupPc[group];
    active = groupMask[group];
    groups--;
    groupPc[group] = groupPc[groups];
    groupMask[group] = groupMask[groups];
    groupWait[group] = groupWait[groups];
    next = Integer.MAX_VALUE;
    for (int i = 0; i < groups; i++) {
      if (groupPc[i] > pc && groupPc[i] < next) {
        next = groupPc[i];
      }
    }
  }

  /** Gives another group a turn, if one can run: the next one in the order of the code. */
  private void rotate() {
    int current = pc;
    push(pc, active, RUN);
    active = 0;
    int after = -1;
    int first = -1;
    for (int i = 0; i < groups; i++) {
      if (groupWait[i] != RUN) {
        continue;
      }
      if (groupPc[i] > current && (after < 0 || groupPc[i] < groupPc[after])) {
        after = i;
      }
      if (first < 0 || groupPc[i] < groupPc[first]) {
        first = i;
      }
    }
    choose(after >= 0 ? after : first);
  }

  /** No group can run: all threads are done, wait at a barrier of the block, or will wait forever. */
  private void stop() {
    if (groups == 0) {
      state = State.DONE;
      return;
    }
    boolean aligned = false;
    for (int i = 0; i < groups; i++) {
      if (groupWait[i] == AT_COLLECTIVE) {
        pc = groupPc[i];
        lane = Integer.numberOfTrailingZeros(groupMask[i]);
        throw new KernelFault(KernelFault.Kind.DEADLOCK, "lanes wait for lanes that never come: " + describeGroups());
      }
      aligned |= ((BarrierStep) steps[groupPc[i]]).aligned;
    }
    if (groups > 1 && aligned) {
      pc = groupPc[0];
      lane = Integer.numberOfTrailingZeros(groupMask[0]);
      throw new KernelFault(KernelFault.Kind.DIVERGENT_BARRIER, "divergent barrier: threads of a warp wait at different barriers: " + describeGroups());
    }
    state = State.AT_BARRIER;
  }

  String describeGroups() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < groups; i++) {
      text.append(i == 0 ? "" : "; ").append("lanes 0x%08x at line %d: %s".formatted(groupMask[i], steps[groupPc[i]].line, steps[groupPc[i]].text));
    }
    if (active != 0) {
      text.append(groups == 0 ? "" : "; ").append("lanes 0x%08x at line %d: %s".formatted(active, steps[pc].line, steps[pc].text));
    }
    return text.toString();
  }
}
