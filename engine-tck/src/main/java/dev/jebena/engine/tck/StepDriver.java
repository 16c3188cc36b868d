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
 * Runs a Program on one backend step by step, in the place of the scheduler: hands out blocks (in an order that a seed shuffles)
 * and writes the plans. Closing it closes everything and checks that the whole budget is free again.
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
  /** Blocks by slot and group. */
  private final List<List<List<Integer>>> tables = new ArrayList<>();
  /** Blocks by slot that go back when it closes: its own, not those that it shares. */
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
    List<Integer> ids = new ArrayList<>();
    for (int block = 1; block < blocks; block++) {
      ids.add(block);
    }
    Collections.shuffle(ids, new Random(blockSeed));
    freeBlocks.addAll(ids);
    for (int slot = 0; slot < limits.maxSequences(); slot++) {
      held.add(new ArrayList<>());
      tables.add(emptyTables());
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
    tables.set(slot, emptyTables());
  }

  private List<List<Integer>> emptyTables() {
    List<List<Integer>> empty = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      empty.add(new ArrayList<>());
    }
    return empty;
  }

  /** Adds a run to the next step, with the blocks that it needs. */
  public void run(int slot, int start, int tokens, int outputs) {
    for (int group = 0; group < groups; group++) {
      List<Integer> table = tables.get(slot).get(group);
      while (table.size() * blockTokens < start + tokens) {
        int block = freeBlocks.remove();
        held.get(slot).add(block);
        plan.appendBlock(slot, group, block);
        table.add(block);
      }
    }
    plan.run(slot, start, tokens, outputs);
  }

  /**
   * Gives a slot that has no blocks yet the first {@code blocks} blocks of another, as a prefix hit does. The other slot has to
   * stay open as long.
   *
   * @param nullBlocks so many of the first blocks of the KV groups from {@code firstNullGroup} on are the null block instead
   */
  public void share(int from, int to, int blocks, int nullBlocks, int firstNullGroup) {
    for (int group = 0; group < groups; group++) {
      for (int i = 0; i < blocks; i++) {
        boolean isNull = group >= firstNullGroup && i < nullBlocks;
        int block = isNull ? 0 : tables.get(from).get(group).get(i);
        plan.appendBlock(to, group, block);
        tables.get(to).get(group).add(block);
      }
    }
  }

  /** The plan of the next step, to be written to directly. */
  public StepPlan plan() {
    return plan;
  }

  /** The memory that everything is reserved in. */
  public MemoryBudget budget() {
    return budget;
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
