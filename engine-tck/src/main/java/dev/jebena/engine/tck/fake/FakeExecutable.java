package dev.jebena.engine.tck.fake;

import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Runs plans against {@link FakeLanguage} and throws an {@link AssertionError} at whatever a real backend would silently get wrong: a block
 * that holds another history, a block written while others read it, a token that nobody knows, a slot opened twice. A step is executed
 * when it is awaited, as if the device were slow.
 */
final class FakeExecutable implements Executable {

  /** A sequence as the backend sees it. */
  private static final class Slot {
    final SlotSettings settings;
    int[] tokens;
    int known;
    int[] blocks = new int[8];
    int blockCount;
    long lastRun = -1;

    Slot(int[] tokens, SlotSettings settings) {
      this.settings = settings;
      this.tokens = tokens.clone();
      known = tokens.length;
    }
  }

  private final FakeOptions options;
  private final FakeLanguage language;
  private final Limits limits;
  private final int blockTokens;
  private final MemoryBudget budget;
  private final @Nullable Slot[] slots;
  private final ArrayDeque<StepPlan> inFlight = new ArrayDeque<>();
  private final StepResult result = new StepResult();
  private long lastStep = -1;

  FakeExecutable(FakeOptions options, FakeLanguage language, Limits limits, int blockTokens, MemoryBudget budget) {
    this.options = options;
    this.language = language;
    this.limits = limits;
    this.blockTokens = blockTokens;
    this.budget = budget;
    slots = new Slot[limits.maxSequences()];
  }

  @Override
  public int pipelineDepth() {
    return options.pipelineDepth();
  }

  @Override
  public KvCache allocateCache(int blocks) {
    return new FakeCache(blocks, blockTokens, budget);
  }

  @Override
  public StepHandle submit(StepPlan plan, KvCache cache) {
    if (inFlight.size() == options.pipelineDepth()) {
      throw new IllegalStateException(inFlight.size() + " steps are in flight, and no more may be");
    }
    check(plan.step() == lastStep + 1, "step " + plan.step() + " comes after step " + lastStep);
    lastStep = plan.step();
    inFlight.addLast(plan);
    return () -> {
      check(inFlight.pollFirst() == plan, "step " + plan.step() + " is awaited out of order");
      options.pause().run();
      execute(plan, (FakeCache) cache);
      return result;
    };
  }

  private void execute(StepPlan plan, FakeCache cache) {
    check(plan.totalTokens() <= limits.maxTokens(), plan.totalTokens() + " tokens in a step, " + limits.maxTokens() + " were agreed");
    check(plan.totalOutputs() <= limits.maxOutputRows(), plan.totalOutputs() + " outputs, " + limits.maxOutputRows() + " were agreed");
    for (int i = 0; i < plan.closingCount(); i++) {
      close(plan.closing(i), cache);
    }
    for (StepPlan.Opening opening : plan.openings()) {
      check(slots[opening.slot()] == null, "slot " + opening.slot() + " is opened while it is open");
      slots[opening.slot()] = new Slot(opening.tokens(), opening.settings());
    }
    for (int i = 0; i < plan.appendCount(); i++) {
      append(slot(plan.appendSlot(i)), plan.appendGroup(i), plan.appendBlock(i), cache);
    }
    result.reset(plan.totalOutputs());
    int row = 0;
    for (int i = 0; i < plan.runCount(); i++) {
      check(i == 0 || plan.runTokens(i - 1) == 1 || plan.runTokens(i) > 1, "a run of one token stands after a longer one");
      Slot slot = slot(plan.runSlot(i));
      check(slot.lastRun < plan.step(), "slot " + plan.runSlot(i) + " runs twice in a step");
      slot.lastRun = plan.step();
      row = run(plan, i, slot, cache, row);
    }
  }

  private void close(int index, FakeCache cache) {
    Slot slot = slot(index);
    for (int i = 0; i < slot.blockCount; i++) {
      cache.tables[slot.blocks[i]]--;
    }
    slots[index] = null;
  }

  private static void append(Slot slot, int group, int block, FakeCache cache) {
    check(group == 0 && block > 0 && block < cache.blocks(), "block " + block + " of group " + group + " is appended");
    if (slot.blockCount == slot.blocks.length) {
      slot.blocks = Arrays.copyOf(slot.blocks, 2 * slot.blockCount);
    }
    slot.blocks[slot.blockCount++] = block;
    cache.tables[block]++;
  }

  private int run(StepPlan plan, int run, Slot slot, FakeCache cache, int firstRow) {
    int start = plan.runStart(run);
    int end = start + plan.runTokens(run);
    check(end <= slot.known, "positions up to " + end + " run, " + slot.known + " tokens are known");
    check(end <= limits.maxContext(), "positions up to " + end + " run, the context has " + limits.maxContext());
    check(end <= slot.blockCount * blockTokens, "positions up to " + end + " run in " + slot.blockCount + " blocks");
    long state = FakeLanguage.START;
    int row = firstRow;
    for (int position = 0; position < end; position++) {
      int block = slot.blocks[position / blockTokens];
      int cell = block * blockTokens + position % blockTokens;
      int token = slot.tokens[position];
      state = FakeLanguage.fold(state, token, position);
      if (position < start) {
        check(
            cache.state[cell] == state && cache.token[cell] == token && cache.position[cell] == position && cache.writtenBy[cell] >= 0,
            "block " + block + " does not hold position " + position);
        check(cache.writtenBy[cell] < plan.step(), "block " + block + " is read in the step that writes it");
      } else {
        check(cache.tables[block] == 1, "block " + block + " is written while " + cache.tables[block] + " slots have it");
        cache.token[cell] = token;
        cache.position[cell] = position;
        cache.state[cell] = state;
        cache.writtenBy[cell] = plan.step();
        if (position >= end - plan.runOutputs(run)) {
          output(slot, position, state, row++);
        }
      }
    }
    return row;
  }

  private void output(Slot slot, int position, long state, int row) {
    boolean sampled = position + 1 == slot.known;
    int token = sampled ? language.next(state, position + 1, slot.settings) : slot.tokens[position + 1];
    result.token(row, token);
    boolean scoresPrompt = position + 1 < slot.settings.promptTokens();
    int alternatives = scoresPrompt ? slot.settings.topPromptLogprobs() : slot.settings.topLogprobs();
    if (alternatives >= 0) {
      result.logprob(row, FakeLanguage.logprob(state, token), 1 + (int) Math.floorMod(state, 10L));
      result.topCount(row, alternatives);
      for (int i = 0; i < alternatives; i++) {
        int letter = language.letters()[i % language.letters().length];
        result.top(row, i, letter, FakeLanguage.logprob(state, letter));
      }
    }
    if (sampled) {
      if (slot.known == slot.tokens.length) {
        slot.tokens = Arrays.copyOf(slot.tokens, 2 * slot.known);
      }
      slot.tokens[slot.known++] = token;
      options.rowFailure().failureAt(slot.settings, position + 1).ifPresent(why -> result.fail(row, why));
    }
  }

  private Slot slot(int index) {
    Slot slot = slots[index];
    if (slot == null) {
      throw new AssertionError("slot " + index + " is used while it is closed");
    }
    return slot;
  }

  private static void check(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }

  @Override
  public void close() {
    check(inFlight.isEmpty(), inFlight.size() + " steps were not awaited");
  }
}
