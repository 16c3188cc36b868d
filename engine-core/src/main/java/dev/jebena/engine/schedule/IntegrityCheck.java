package dev.jebena.engine.schedule;

import java.util.BitSet;

/** Counts who holds what and compares it with what the pool believes. */
final class IntegrityCheck {

  private final SchedulerLimits limits;
  private final BlockPool pool;
  private final int[] holders;
  private final BitSet slots = new BitSet();
  private int runningCount;

  IntegrityCheck(SchedulerLimits limits, BlockPool pool) {
    this.limits = limits;
    this.pool = pool;
    holders = new int[pool.blocks() + 1];
  }

  void running(Sequence sequence) {
    require(sequence.state == Sequence.State.RUNNING, sequence, "is in the list of those running");
    require(sequence.computed <= sequence.reserved && sequence.reserved <= sequence.goal(), sequence, "computes more than it knows");
    require(sequence.samplesInFlight >= 0 && sequence.known <= sequence.maxTotalTokens, sequence, "has too many tokens");
    require(sequence.plannedTokens == 0, sequence, "has a plan left over");
    require(
        sequence.slot >= 0 && sequence.slot < limits.maxSequences() && !slots.get(sequence.slot), sequence, "shares its slot");
    slots.set(sequence.slot);
    int waste = sequence.blockCount * limits.blockTokens() - sequence.reserved;
    require(waste >= 0 && waste < limits.blockTokens(), sequence, "wastes " + waste + " tokens of its blocks");
    held(java.util.Arrays.copyOf(sequence.blocks, sequence.blockCount));
    runningCount++;
  }

  void waiting(Sequence sequence) {
    require(sequence.state == Sequence.State.WAITING, sequence, "is in the list of those waiting");
    require(sequence.slot == Sequence.NO_SLOT && sequence.blockCount == 0, sequence, "waits with slot or blocks");
  }

  void held(int[] blocks) {
    for (int block : blocks) {
      holders[block]++;
    }
  }

  void finish(int freeSlots) {
    if (freeSlots + runningCount != limits.maxSequences()) {
      throw new IllegalStateException(
          freeSlots + " slots are free and " + runningCount + " taken of " + limits.maxSequences());
    }
    pool.checkIntegrity(holders);
  }

  private static void require(boolean condition, Sequence sequence, String what) {
    if (!condition) {
      throw new IllegalStateException(
          "a sequence of " + sequence.known + " known, " + sequence.reserved + " reserved and " + sequence.computed + " computed tokens, "
              + sequence.blockCount + " blocks, slot " + sequence.slot + ", state " + sequence.state + " " + what);
    }
  }
}
