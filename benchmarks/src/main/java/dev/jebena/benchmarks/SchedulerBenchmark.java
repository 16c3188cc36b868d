package dev.jebena.benchmarks;

import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.schedule.BlockHash;
import dev.jebena.engine.schedule.BlockPool;
import dev.jebena.engine.schedule.ScheduledStep;
import dev.jebena.engine.schedule.Scheduler;
import dev.jebena.engine.schedule.SchedulerLimits;
import dev.jebena.engine.schedule.Sequence;
import dev.jebena.engine.schedule.SequenceEnd;
import dev.jebena.engine.schedule.SequenceOutput;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A step of the scheduler, from the plan to the sampled tokens taken in, on a backend that computes nothing. Sequences end and others start
 * all the time: each has a prompt of 64 tokens and generates from 64 to 191.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SchedulerBenchmark {

  private static final int BLOCK_TOKENS = 16;
  private static final int PROMPT_TOKENS = 64;
  private static final int LEAST_GENERATED = 64;
  private static final int SPREAD = 128;
  private static final int VOCABULARY = 32_000;

  /** Sequences that run at once. */
  @Param({"1", "64", "256"})
  public int sequences;

  @Param
  public SchedulerLimits.Prefixes prefixes = SchedulerLimits.Prefixes.SHARED;

  private final SplittableRandom random = new SplittableRandom(1);
  private final StepResult result = new StepResult();
  private int toStart;

  @SuppressWarnings("NullAway.Init")
  private Scheduler scheduler;

  private final SequenceOutput output = new SequenceOutput() {
    @Override
    public void started(int cachedTokens) {}

    @Override
    public void promptScored(StepResult scored, int row) {}

    @Override
    public void sampled(StepResult sampled, int row) {}

    @Override
    public void ended(SequenceEnd end) {
      toStart++;
    }
  };

  @Setup
  public void start() {
    int blocks = 1 + sequences * (1 + (PROMPT_TOKENS + LEAST_GENERATED + SPREAD) / BLOCK_TOKENS) * 5 / 4;
    scheduler = new Scheduler(
        new SchedulerLimits(
            sequences, Math.max(512, 2 * sequences), sequences, BLOCK_TOKENS, SchedulerLimits.Chunking.CHUNKED, prefixes),
        new BlockPool(blocks));
    toStart = sequences;
    for (int i = 0; i < LEAST_GENERATED + SPREAD; i++) {
      step();
    }
  }

  /** A step; returns how many sequences ran. */
  @Benchmark
  public int step() {
    while (toStart > 0) {
      toStart--;
      scheduler.add(sequence());
    }
    ScheduledStep step = scheduler.schedule().orElseThrow();
    int rows = step.plan().totalOutputs();
    result.reset(rows);
    for (int row = 0; row < rows; row++) {
      result.token(row, (int) (step.plan().step() * 31 + row) & 0x3fff);
    }
    int runs = step.plan().runCount();
    scheduler.update(result);
    return runs;
  }

  private Sequence sequence() {
    int[] prompt = random.ints(PROMPT_TOKENS, 0, VOCABULARY).toArray();
    SlotSettings settings = new SlotSettings(PROMPT_TOKENS, SamplingParameters.GREEDY, 0, new int[0], -1, -1);
    int tokens = PROMPT_TOKENS + LEAST_GENERATED + random.nextInt(SPREAD);
    return new Sequence(prompt, new BlockHash[0], Optional.empty(), settings, tokens, output);
  }
}
