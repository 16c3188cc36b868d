package dev.jebena.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.tck.fake.FakeBackend;
import dev.jebena.engine.tck.fake.FakeLanguage;
import dev.jebena.engine.tck.fake.FakeModel;
import dev.jebena.engine.tck.fake.FakeOptions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A scheduler over the fake backend, with clients that check all they are given. */
final class Simulation implements AutoCloseable {

  /** Four letters, so that prefixes meet; every 40th token ends. */
  static final FakeLanguage LANGUAGE = new FakeLanguage(new int[] {1, 2, 3, 4}, 9, 40);

  /** What is simulated. */
  record Setup(SchedulerLimits limits, int blocks, int maxContext, FakeOptions options) {

    Setup with(SchedulerLimits.Chunking chunking, SchedulerLimits.Prefixes prefixes) {
      return new Setup(
          new SchedulerLimits(
              limits.maxSequences(), limits.maxStepTokens(), limits.maxOutputRows(), limits.blockTokens(), chunking, prefixes),
          blocks, maxContext, options);
    }

    Setup withBlocks(int newBlocks) {
      return new Setup(limits, newBlocks, maxContext, options);
    }
  }

  /** What somebody asks for. */
  record Question(int[] prompt, SlotSettings settings, int maxTotalTokens, Optional<String> salt) {

    int[] answer() {
      return LANGUAGE.complete(prompt, settings, maxTotalTokens);
    }
  }

  /** Checks what a sequence gives, as it comes. */
  final class Client implements SequenceOutput {

    final Question question;
    final int number;
    final Sequence sequence;
    final int[] expected;
    final long patience;
    final float[] expectedLogprobs;
    final List<Integer> tokens = new ArrayList<>();
    int scored;
    int cached;
    long startedAt = -1;
    boolean aborted;
    @Nullable SequenceEnd end;

    Client(Question question, int number, long patience) {
      this.question = question;
      this.number = number;
      this.patience = patience;
      expected = question.answer();
      expectedLogprobs = LANGUAGE.promptLogprobs(question.prompt);
      sequence = new Sequence(
          question.prompt.clone(), new BlockHash[0], question.salt, question.settings, question.maxTotalTokens, this);
    }

    @Override
    public void started(int cachedTokens) {
      assertEquals(-1, startedAt, "a sequence starts once");
      assertTrue(cachedTokens >= 0 && cachedTokens < question.prompt.length, "cached " + cachedTokens);
      assertTrue(number > lastStarted, "sequence " + number + " starts after " + lastStarted);
      lastStarted = number;
      startedAt = now;
      cached = cachedTokens;
    }

    @Override
    public void promptScored(StepResult result, int row) {
      assertTrue(startedAt >= 0 && end == null && tokens.isEmpty() && question.settings.topPromptLogprobs() >= 0);
      assertEquals(question.prompt[scored + 1], result.token(row));
      assertEquals(expectedLogprobs[scored], result.logprob(row), "log-probability of prompt token " + (scored + 1));
      scored++;
    }

    @Override
    public void sampled(StepResult result, int row) {
      assertTrue(startedAt >= 0 && end == null);
      assertEquals(expected[tokens.size()], result.token(row), "token " + tokens.size() + " of sequence " + number);
      tokens.add(result.token(row));
    }

    @Override
    public void ended(SequenceEnd why) {
      assertEquals(null, end, "a sequence ends once");
      end = why;
      ends++;
      assertTrue(now - addedAt <= patience, "sequence " + number + " took " + (now - addedAt) + " steps, at most " + patience);
      switch (why) {
        case SequenceEnd.Stop(int token) -> {
          assertEquals(expected[expected.length - 1], token);
          assertComplete();
        }
        case SequenceEnd.Length() -> {
          assertEquals(question.maxTotalTokens, question.prompt.length + tokens.size());
          assertComplete();
        }
        case SequenceEnd.Aborted() -> assertTrue(aborted);
        case SequenceEnd.Failed failed -> assertTrue(
            setup.options.rowFailure().failureAt(question.settings, question.prompt.length + tokens.size()).isPresent());
        case SequenceEnd.StepFailed failed -> throw new AssertionError(failed.message());
      }
    }

    private final long addedAt = now;

    private void assertComplete() {
      assertArrayEquals(expected, answer());
      if (question.settings.topPromptLogprobs() >= 0) {
        assertEquals(question.prompt.length - 1, scored);
      }
    }

    int[] answer() {
      return tokens.stream().mapToInt(Integer::intValue).toArray();
    }
  }

  final Setup setup;
  final Scheduler scheduler;
  final MemoryBudget budget = new MemoryBudget(1 << 30);
  final List<Client> live = new ArrayList<>();
  private final Executable executable;
  private final KvCache cache;
  private final ArrayDeque<StepHandle> handles = new ArrayDeque<>();
  /** Blocks of the open slots. */
  private final Map<Integer, List<Integer>> tables = new HashMap<>();
  /** For each step in flight the blocks that it names, and one of the tables that they stand in. */
  private final ArrayDeque<Map<Integer, List<Integer>>> namedInFlight = new ArrayDeque<>();
  private int added;
  private int lastStarted = -1;
  private int ends;
  long now;

  Simulation(Setup setup) {
    this.setup = setup;
    SchedulerLimits limits = setup.limits;
    executable = new FakeBackend(setup.options, LANGUAGE, budget).compile(
        new FakeModel(setup.maxContext).program(),
        null,
        new Limits(limits.maxStepTokens(), limits.maxSequences(), limits.maxOutputRows(), setup.maxContext),
        new KvFormat(KvType.F32, limits.blockTokens()));
    cache = executable.allocateCache(setup.blocks + 1);
    scheduler = new Scheduler(limits, new BlockPool(setup.blocks + 1));
  }

  /** Adds a sequence; the oldest gets on with each step, which bounds how long anybody waits. */
  Client add(Question question) {
    long ahead = question.maxTotalTokens;
    for (Client other : live) {
      ahead += other.question.maxTotalTokens;
    }
    Client client = new Client(question, added++, 4 + (ahead + live.size()) * (setup.options.pipelineDepth() + 1L));
    live.add(client);
    scheduler.add(client.sequence);
    return client;
  }

  void abort(Client client) {
    client.aborted = true;
    scheduler.end(client.sequence, new SequenceEnd.Aborted());
    assertTrue(client.end instanceof SequenceEnd.Aborted);
  }

  /** Fills the pipeline and awaits one step; false if there was nothing to run. */
  boolean step() {
    now++;
    while (handles.size() < executable.pipelineDepth()) {
      Optional<ScheduledStep> step = scheduler.schedule();
      scheduler.checkIntegrity();
      if (step.isEmpty()) {
        break;
      }
      follow(step.get().plan());
      handles.add(executable.submit(step.get().plan(), cache));
    }
    assertEquals(handles.size(), scheduler.stepsInFlight());
    if (handles.isEmpty()) {
      return false;
    }
    scheduler.update(handles.remove().await());
    namedInFlight.removeFirst();
    scheduler.checkIntegrity();
    forgetEnded();
    return true;
  }

  /** Keeps block tables as a backend does, and sees that no step writes to a block that a step in flight names for somebody else. */
  private void follow(StepPlan plan) {
    for (int i = 0; i < plan.closingCount(); i++) {
      tables.remove(plan.closing(i));
    }
    plan.openings().forEach(opening -> tables.put(opening.slot(), new ArrayList<>()));
    for (int i = 0; i < plan.appendCount(); i++) {
      tables.get(plan.appendSlot(i)).add(plan.appendBlock(i));
    }
    Map<Integer, List<Integer>> named = new HashMap<>();
    for (int run = 0; run < plan.runCount(); run++) {
      List<Integer> table = tables.get(plan.runSlot(run));
      for (int block : table.subList(plan.runStart(run) / setup.limits.blockTokens(), table.size())) {
        for (Map<Integer, List<Integer>> earlier : namedInFlight) {
          List<Integer> user = earlier.get(block);
          assertTrue(user == null || user == table, "block " + block + " is written while a step in flight names it for another");
        }
      }
      table.forEach(block -> named.put(block, table));
    }
    namedInFlight.addLast(named);
  }

  private void forgetEnded() {
    live.removeIf(client -> client.end != null);
  }

  /** Steps until everybody has an answer. */
  void finish() {
    while (!live.isEmpty()) {
      boolean worked = step();
      int before = live.size();
      forgetEnded();
      assertTrue(worked || live.size() < before, "nothing runs, and " + live.size() + " sequences wait");
    }
    while (step()) {
      // steps in flight
    }
    assertEquals(added, ends, "everybody is answered once");
    assertEquals(0, scheduler.usedBlocks());
    assertEquals(0, scheduler.runningCount() + scheduler.waitingCount());
    assertFalse(scheduler.stepsInFlight() > 0);
  }

  @Override
  public void close() {
    cache.close();
    executable.close();
    assertEquals(0, budget.reservedBytes());
  }

  static int[] join(int[] first, int[] second) {
    int[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}
