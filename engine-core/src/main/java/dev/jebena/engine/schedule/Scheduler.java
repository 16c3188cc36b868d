package dev.jebena.engine.schedule;

import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Decides what each step runs. Used by one thread, the engine's; knows no clock.
 *
 * <p>A step is planned in three passes under one budget of tokens. First every running sequence with a single token to run gets it, so that
 * no prompt delays a decode. Then running sequences with more to run share what the prefill budget leaves, oldest first. Then waiting ones
 * start, strictly in the order of arrival: the first that does not fit keeps the others waiting, so nobody starves. Every running
 * sequence is older than every waiting one, at all times.
 *
 * <p>When blocks run out, the youngest running sequence gives its own back, waits as the first, and is computed again from its known
 * tokens (which mostly still lie under their names in the pool). The youngest itself just pauses: older ones will end, or take its
 * blocks. As any single sequence fits into the pool (whoever makes sequences sees to that), the oldest always gets on.
 *
 * <p>Several steps may be in flight. A sequence that ends or is preempted while a submitted step names it keeps its blocks until that step
 * was awaited; its slot is closed by the next plan. Blocks are named, and so found by others, only when all their tokens were awaited.
 *
 * <p>The arithmetic of known and computed tokens is the one of vLLM's V1 scheduler.
 */
public final class Scheduler {

  private static final int GROUP = 0;

  private final SchedulerLimits limits;
  private final BlockPool pool;
  private final BlockHasher hasher = new BlockHasher();
  private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
  /** In the order of arrival. */
  private final ArrayList<Sequence> running = new ArrayList<>();
  private final ArrayDeque<ScheduledStep> inFlight = new ArrayDeque<>();
  private final ArrayDeque<ScheduledStep> spareSteps = new ArrayDeque<>();
  private final ArrayList<HeldBlocks> heldBySteps = new ArrayList<>();
  private final IntStack freeSlots;
  private final IntStack slotsToClose;
  private int prefillBudget;
  private long lastSubmitted = -1;
  private long lastAwaited = -1;
  private boolean preempted;
  private boolean somebodyEnded;

  private long generatedTokens;
  private long processedPromptTokens;
  private long prefixQueryTokens;
  private long prefixHitTokens;
  private long preemptions;

  /** Blocks of a sequence that has let go of them, but that step {@code lastStep} still names. */
  private record HeldBlocks(long lastStep, int[] blocks) {}

  public Scheduler(SchedulerLimits limits, BlockPool pool) {
    this.limits = limits;
    this.pool = pool;
    prefillBudget = limits.maxStepTokens();
    freeSlots = new IntStack(limits.maxSequences());
    slotsToClose = new IntStack(limits.maxSequences());
    for (int slot = limits.maxSequences() - 1; slot >= 0; slot--) {
      freeSlots.push(slot);
    }
  }

  /** Tokens of prompts that a step should take; decodes come on top. */
  public void prefillBudget(int tokens) {
    prefillBudget = Math.clamp(tokens, 1, limits.maxStepTokens());
  }

  /** Queues a sequence as the youngest. */
  public void add(Sequence sequence) {
    int needed = blocksFor(sequence.maxTotalTokens - 1);
    if (needed > pool.blocks()) {
      throw new IllegalArgumentException(
          "a sequence of up to " + sequence.maxTotalTokens + " tokens needs " + needed + " blocks, the pool has " + pool.blocks());
    }
    waiting.addLast(sequence);
  }

  /** Ends a sequence now; does nothing if it has ended. */
  public void end(Sequence sequence, SequenceEnd why) {
    switch (sequence.state) {
      case ENDED -> { }
      case WAITING -> {
        waiting.remove(sequence);
        finish(sequence, why);
      }
      case RUNNING -> {
        running.remove(sequence);
        finish(sequence, why);
      }
    }
  }

  /** Every sequence that has not ended, oldest first. */
  public List<Sequence> live() {
    List<Sequence> live = new ArrayList<>(running);
    live.addAll(waiting);
    return live;
  }

  public int runningCount() {
    return running.size();
  }

  public int waitingCount() {
    return waiting.size();
  }

  /** Steps submitted and not awaited. */
  public int stepsInFlight() {
    return inFlight.size();
  }

  /** Blocks that are not free. */
  public int usedBlocks() {
    return pool.blocks() - pool.freeBlocks();
  }

  public SchedulerCounters counters() {
    return new SchedulerCounters(
        lastAwaited + 1, processedPromptTokens, generatedTokens, prefixQueryTokens, prefixHitTokens, preemptions);
  }

  /**
   * Plans the next step, which counts as submitted from now on: the caller submits it and hands its result to {@link #update}.
   *
   * @return the step, valid until its result was taken; empty if nothing can run before a step in flight was awaited, or at all
   */
  public Optional<ScheduledStep> schedule() {
    ScheduledStep spare = spareSteps.pollFirst();
    ScheduledStep step = spare == null ? new ScheduledStep() : spare;
    preempted = false;
    int tokensLeft = limits.maxStepTokens();
    int outputsLeft = limits.maxOutputRows();

    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      if (sequence.runnable() == 1) {
        // a sequence plans at most one output row here, and there is room for one of each
        plan(sequence, grant(sequence, 1));
        tokensLeft -= sequence.plannedTokens;
        outputsLeft -= sequence.plannedTokens;
      }
    }
    int prefillLeft = Math.min(prefillBudget, tokensLeft);
    for (int i = 0; i < running.size() && prefillLeft > 0; i++) {
      Sequence sequence = running.get(i);
      if (sequence.runnable() > 1) {
        int tokens = planPrefill(sequence, prefillLeft, tokensLeft, outputsLeft);
        prefillLeft -= tokens;
        tokensLeft -= tokens;
        outputsLeft -= sequence.outputsOf(sequence.reserved, sequence.reserved + tokens);
      }
    }
    while (prefillLeft > 0 && outputsLeft > 0 && admitFirst(tokensLeft)) {
      Sequence sequence = running.getLast();
      if (sequence.runnable() == 0) {
        // only to be scored, and nothing to score
        running.removeLast();
        countPrompt(sequence);
        finish(sequence, new SequenceEnd.Length());
      } else {
        int tokens = planPrefill(sequence, prefillLeft, tokensLeft, outputsLeft);
        prefillLeft -= tokens;
        tokensLeft -= tokens;
        outputsLeft -= sequence.outputsOf(sequence.reserved, sequence.reserved + tokens);
      }
    }
    return emit(step);
  }

  private int planPrefill(Sequence sequence, int prefillLeft, int tokensLeft, int outputsLeft) {
    int runnable = sequence.runnable();
    boolean whole = limits.chunking() == SchedulerLimits.Chunking.WHOLE;
    int tokens = Math.min(runnable, whole ? tokensLeft : prefillLeft);
    int start = sequence.reserved;
    int outputs = sequence.outputsOf(start, start + tokens);
    if (outputs > outputsLeft) {
      // the rows to score stand at the end; a shorter run has fewer, unless it only samples
      tokens = Math.max(0, tokens - (outputs - outputsLeft));
    }
    if (whole && tokens < runnable && !sequence.scoresPrompt()) {
      // only a prompt to be scored is spread over steps even so: they need not have room for as many output rows as it has tokens
      return 0;
    }
    int granted = tokens == 0 ? 0 : grant(sequence, tokens);
    return plan(sequence, granted);
  }

  private int plan(Sequence sequence, int tokens) {
    sequence.plannedTokens = tokens;
    return tokens;
  }

  /** Gets blocks for the next {@code wanted} tokens and returns for how many it got them. */
  private int grant(Sequence sequence, int wanted) {
    int available = tokensOf(sequence);
    while (available < wanted && heldBySteps.isEmpty() && running.getLast() != sequence) {
      preemptYoungest();
      available = tokensOf(sequence);
    }
    int granted = Math.min(wanted, available);
    if (granted < wanted && limits.chunking() == SchedulerLimits.Chunking.WHOLE) {
      return 0;
    }
    int needed = blocksFor(sequence.reserved + granted);
    while (sequence.blockCount < needed) {
      sequence.appendBlock(pool.take());
    }
    return granted;
  }

  /** Tokens that the sequence could run with the blocks that it has and those that are free. */
  private int tokensOf(Sequence sequence) {
    return (int) Math.min(
        Integer.MAX_VALUE, ((long) sequence.blockCount + pool.freeBlocks()) * limits.blockTokens() - sequence.reserved);
  }

  private void preemptYoungest() {
    Sequence victim = running.removeLast();
    giveBack(victim);
    victim.state = Sequence.State.WAITING;
    victim.reserved = 0;
    victim.computed = 0;
    victim.preemptions++;
    waiting.addFirst(victim);
    preemptions++;
    preempted = true;
  }

  /** Starts the sequence that waits longest, if it fits; does not plan its tokens. */
  private boolean admitFirst(int tokensLeft) {
    Sequence sequence = waiting.peekFirst();
    if (sequence == null || preempted || freeSlots.isEmpty() || sequence.lastStep > lastAwaited) {
      return false;
    }
    int hits = findPrefix(sequence);
    int hitTokens = hits * limits.blockTokens();
    int toRun = Math.max(0, sequence.goal() - hitTokens);
    if (limits.chunking() == SchedulerLimits.Chunking.WHOLE && toRun > tokensLeft) {
      return false;
    }
    int freeHits = 0;
    for (int i = 0; i < hits; i++) {
      if (pool.isFree(sequence.blocks[i])) {
        freeHits++;
      }
    }
    // blocks that running sequences still need for what they know, and room for each to grow, so that a start does not undo itself
    int promised = running.isEmpty() ? 0 : promisedBlocks() + running.size();
    if (blocksFor(sequence.goal()) - hits > pool.freeBlocks() - freeHits - promised && !(running.isEmpty() && heldBySteps.isEmpty())) {
      return false;
    }
    for (int i = 0; i < hits; i++) {
      pool.hold(sequence.blocks[i]);
    }
    waiting.removeFirst();
    running.add(sequence);
    sequence.state = Sequence.State.RUNNING;
    sequence.slot = freeSlots.pop();
    sequence.blockCount = hits;
    sequence.namedBlocks = hits;
    sequence.reserved = hitTokens;
    sequence.computed = hitTokens;
    sequence.scoresReserved = sequence.scored;
    if (!sequence.started) {
      sequence.started = true;
      prefixQueryTokens += limits.prefixes() == SchedulerLimits.Prefixes.SHARED ? sequence.promptTokens : 0;
      prefixHitTokens += hitTokens;
      sequence.output.started(hitTokens);
    }
    return true;
  }

  /** Writes the blocks of the longest cached prefix into the sequence's table and returns how many there are. */
  private int findPrefix(Sequence sequence) {
    if (limits.prefixes() == SchedulerLimits.Prefixes.SEPARATE) {
      return 0;
    }
    // the last known token always runs: it samples the next one; rows whose scores are asked for run too
    int usable = sequence.known - 1;
    if (sequence.scoresPrompt() && sequence.scored < sequence.promptTokens - 1) {
      usable = Math.min(usable, sequence.scored);
    }
    sequence.blockCount = 0;
    for (int i = 0; i < usable / limits.blockTokens(); i++) {
      int block = pool.find(sequence.name(i, limits.blockTokens(), hasher));
      if (block < 0) {
        break;
      }
      sequence.appendBlock(block);
    }
    int hits = sequence.blockCount;
    sequence.blockCount = 0;
    return hits;
  }

  private int promisedBlocks() {
    int promised = 0;
    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      promised += Math.max(0, blocksFor(sequence.goal()) - sequence.blockCount);
    }
    return promised;
  }

  /** Writes what was planned: closings, openings, blocks, then runs, those of one token first. */
  private Optional<ScheduledStep> emit(ScheduledStep step) {
    step.reset(lastSubmitted + 1);
    emitRuns(step, 1, 1);
    emitRuns(step, 2, Integer.MAX_VALUE);
    if (step.plan().runCount() == 0) {
      spareSteps.addFirst(step);
      return Optional.empty();
    }
    while (!slotsToClose.isEmpty()) {
      step.plan().close(slotsToClose.pop());
    }
    lastSubmitted++;
    inFlight.addLast(step);
    return Optional.of(step);
  }

  private void emitRuns(ScheduledStep step, int fromTokens, int toTokens) {
    StepPlan plan = step.plan();
    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      int tokens = sequence.plannedTokens;
      if (tokens < fromTokens || tokens > toTokens) {
        continue;
      }
      if (!sequence.open) {
        plan.open(sequence.slot, Arrays.copyOf(sequence.tokens, sequence.known), sequence.settings);
        sequence.open = true;
      }
      while (sequence.announcedBlocks < sequence.blockCount) {
        plan.appendBlock(sequence.slot, GROUP, sequence.blocks[sequence.announcedBlocks++]);
      }
      int start = sequence.reserved;
      int end = start + tokens;
      step.run(sequence, start, tokens, sequence.outputsOf(start, end));
      if (sequence.samplesAt(end)) {
        sequence.samplesInFlight++;
      }
      sequence.reserved = end;
      sequence.scoresReserved = Math.max(sequence.scoresReserved, Math.min(end, sequence.promptTokens - 1));
      sequence.lastStep = plan.step();
      sequence.plannedTokens = 0;
    }
  }

  /** Takes the result of the oldest step in flight. */
  public void update(StepResult result) {
    ScheduledStep step = inFlight.pollFirst();
    if (step == null) {
      throw new IllegalStateException("a result came, but no step is in flight");
    }
    StepPlan plan = step.plan();
    if (result.rows() != plan.totalOutputs()) {
      throw new IllegalStateException(
          "step " + plan.step() + " asked for " + plan.totalOutputs() + " output rows, the backend gave " + result.rows());
    }
    lastAwaited = plan.step();
    somebodyEnded = false;
    int row = 0;
    for (int run = 0; run < plan.runCount(); run++) {
      int outputs = plan.runOutputs(run);
      int end = plan.runStart(run) + plan.runTokens(run);
      take(step.sequence(run), end, outputs, result, row);
      row += outputs;
    }
    if (somebodyEnded) {
      running.removeIf(Sequence::hasEnded);
    }
    step.clear();
    spareSteps.addFirst(step);
    releaseHeld();
  }

  /** Takes what a run up to position {@code end} gave in {@code outputs} rows from {@code firstRow}. */
  private void take(Sequence sequence, int end, int outputs, StepResult result, int firstRow) {
    if (sequence.state == Sequence.State.RUNNING) {
      sequence.computed = end;
      nameFullBlocks(sequence);
    }
    // a preempted sequence still takes what it has sampled: it is a known token from now on
    for (int i = 0; i < outputs && !sequence.hasEnded(); i++) {
      int position = end - outputs + i;
      int row = firstRow + i;
      boolean sampled = position + 1 == sequence.known && sequence.samplesInFlight > 0;
      if (sampled) {
        sequence.samplesInFlight--;
      }
      if (result.status(row) != RowStatus.OK) {
        finishRunning(sequence, new SequenceEnd.Failed(result.status(row)));
      } else if (sampled) {
        takeSample(sequence, result, row);
      } else if (position == sequence.scored && position < sequence.promptTokens - 1) {
        sequence.scored++;
        sequence.output.promptScored(result, row);
      }
    }
    if (sequence.state == Sequence.State.RUNNING && sequence.computed == sequence.maxTotalTokens - 1 && sequence.samplesInFlight == 0) {
      countPrompt(sequence);
      finishRunning(sequence, new SequenceEnd.Length());
    }
  }

  private void takeSample(Sequence sequence, StepResult result, int row) {
    int token = result.token(row);
    sequence.appendToken(token);
    generatedTokens++;
    countPrompt(sequence);
    sequence.output.sampled(result, row);
    if (sequence.generatedTokens() > sequence.settings.minTokens() && sequence.endsWith(token)) {
      finishRunning(sequence, new SequenceEnd.Stop(token));
    } else if (sequence.known == sequence.maxTotalTokens) {
      finishRunning(sequence, new SequenceEnd.Length());
    }
  }

  private void countPrompt(Sequence sequence) {
    if (!sequence.promptCounted) {
      sequence.promptCounted = true;
      processedPromptTokens += sequence.promptTokens;
    }
  }

  private void nameFullBlocks(Sequence sequence) {
    if (limits.prefixes() == SchedulerLimits.Prefixes.SEPARATE) {
      return;
    }
    while ((sequence.namedBlocks + 1) * limits.blockTokens() <= sequence.computed) {
      int index = sequence.namedBlocks++;
      pool.name(sequence.blocks[index], sequence.name(index, limits.blockTokens(), hasher));
    }
  }

  /** Ends a sequence during an update; {@link #update} takes it from the list of those running. */
  private void finishRunning(Sequence sequence, SequenceEnd why) {
    if (sequence.state == Sequence.State.WAITING) {
      waiting.remove(sequence);
    }
    somebodyEnded = true;
    finish(sequence, why);
  }

  private void finish(Sequence sequence, SequenceEnd why) {
    giveBack(sequence);
    sequence.state = Sequence.State.ENDED;
    sequence.output.ended(why);
  }

  /** Takes slot and blocks from a sequence; blocks that a step in flight names are free when it was awaited. */
  private void giveBack(Sequence sequence) {
    sequence.plannedTokens = 0;
    if (sequence.slot != Sequence.NO_SLOT) {
      freeSlots.push(sequence.slot);
      if (sequence.open) {
        slotsToClose.push(sequence.slot);
      }
    }
    if (sequence.lastStep > lastAwaited && sequence.blockCount > 0) {
      heldBySteps.add(new HeldBlocks(sequence.lastStep, Arrays.copyOf(sequence.blocks, sequence.blockCount)));
    } else {
      release(sequence.blocks, sequence.blockCount);
    }
    sequence.slot = Sequence.NO_SLOT;
    sequence.open = false;
    sequence.blockCount = 0;
    sequence.namedBlocks = 0;
    sequence.announcedBlocks = 0;
  }

  private void releaseHeld() {
    for (int i = heldBySteps.size() - 1; i >= 0; i--) {
      HeldBlocks held = heldBySteps.get(i);
      if (held.lastStep() <= lastAwaited) {
        release(held.blocks(), held.blocks().length);
        heldBySteps.remove(i);
      }
    }
  }

  /** The last block first: a prefix is of no use without its beginning, so that is what should stay longest. */
  private void release(int[] blocks, int count) {
    for (int i = count - 1; i >= 0; i--) {
      pool.release(blocks[i]);
    }
  }

  private int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, limits.blockTokens());
  }

  /**
   * Checks that every block is held as often as sequences and steps in flight say, that no slot is taken twice, and that no sequence has
   * more blocks than its tokens need.
   *
   * @throws IllegalStateException naming what is wrong
   */
  public void checkIntegrity() {
    IntegrityCheck check = new IntegrityCheck(limits, pool);
    running.forEach(check::running);
    waiting.forEach(check::waiting);
    heldBySteps.forEach(held -> check.held(held.blocks()));
    check.finish(freeSlots.size());
  }
}
