package dev.jebena.engine.tck;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * Runs a Program on one backend step by step, in the place of the scheduler: hands out blocks (in an order that a seed shuffles) and
 * writes the plans. Closing it closes everything and checks that the whole budget is free again.
 */
public final class StepDriver implements AutoCloseable {

  private final MemoryBudget budget = new MemoryBudget(1L << 32);
  private final Backend backend;
  private final WeightSet weights;
  private final Executable executable;
  private final KvCache cache;
  private final int groups;
  private final int blockTokens;
  private final Deque<Integer> freeBlocks = new ArrayDeque<>();
  private final int[][] blockCounts;
  private final List<List<Integer>> held = new ArrayList<>();
  private final StepPlan plan = new StepPlan();
  private long step;

  /**
   * Opens the backend, loads and compiles.
   *
   * @param blocks of the cache, the null block included
   * @param blockSeed shuffles the blocks that are handed out
   */
  public StepDriver(
      BackendProvider provider,
      BackendSettings settings,
      Program program,
      WeightSource source,
      Limits limits,
      KvFormat kvFormat,
      int blocks,
      long blockSeed) {
    backend = provider.open(settings, budget);
    weights = backend.load(program, source, LoadProgress.SILENT);
    executable = backend.compile(program, weights, limits, kvFormat);
    cache = executable.allocateCache(blocks);
    groups = program.kvGroups().size();
    blockTokens = kvFormat.blockTokens();
    blockCounts = new int[limits.maxSequences()][groups];
    List<Integer> ids = new ArrayList<>();
    for (int block = 1; block < blocks; block++) {
      ids.add(block);
    }
    Collections.shuffle(ids, new Random(blockSeed));
    freeBlocks.addAll(ids);
    for (int slot = 0; slot < limits.maxSequences(); slot++) {
      held.add(new ArrayList<>());
    }
    plan.reset(step);
  }

  public Executable executable() {
    return executable;
  }

  public KvCache cache() {
    return cache;
  }

  /** Opens a slot in the next step. */
  public void open(int slot, int[] tokens, SlotSettings settings) {
    plan.open(slot, tokens, settings);
  }

  /** Closes a slot in the next step; its blocks can be handed out at once. */
  public void close(int slot) {
    plan.close(slot);
    freeBlocks.addAll(held.get(slot));
    held.get(slot).clear();
    blockCounts[slot] = new int[groups];
  }

  /** Adds a run to the next step, with the blocks that it needs. */
  public void run(int slot, int start, int tokens, int outputs) {
    for (int group = 0; group < groups; group++) {
      while (blockCounts[slot][group] * blockTokens < start + tokens) {
        int block = freeBlocks.remove();
        held.get(slot).add(block);
        plan.appendBlock(slot, group, block);
        blockCounts[slot][group]++;
      }
    }
    plan.run(slot, start, tokens, outputs);
  }

  /** Submits the step and awaits it; the result holds until the next. */
  public StepResult step() {
    StepResult result = executable.submit(plan, cache).await();
    plan.reset(++step);
    return result;
  }

  @Override
  public void close() {
    cache.close();
    executable.close();
    weights.close();
    backend.close();
    if (budget.reservedBytes() != 0) {
      throw new AssertionError(budget.reservedBytes() + " bytes are still reserved after everything was closed");
    }
  }
}
