package dev.jebena.server.cli;

import dev.jebena.engine.Engine;
import dev.jebena.engine.FinishReason;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.parallel.CollectiveCounters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Runs workloads on an engine and takes their rates from the engine's own steps. */
final class Bench {

  private static final Duration WARM_UP = Duration.ofSeconds(4);

  /** The engine tells of a step just after it has answered: wait at most that long for the last one. */
  private static final Duration LAST_STEP = Duration.ofSeconds(2);

  private final Engine engine;
  private final StepLog log;
  private final SplittableRandom random;
  private long steps;
  private long stepNanos;

  /**
   * What a workload gave.
   *
   * @param rates tokens per second of each repetition, in ascending order
   * @param collectives what ranks spent on each other in all repetitions; empty if there is one rank
   * @param steps steps of all repetitions
   * @param stepNanos time of these
   */
  record Measured(double[] rates, Optional<CollectiveCounters> collectives, long steps, long stepNanos) {}

  Bench(Engine engine, StepLog log, long seed) {
    this.engine = engine;
    this.log = log;
    this.random = new SplittableRandom(seed);
  }

  /** Runs a workload until the JIT is done, then so many times. */
  Measured measure(Workload workload, int repetitions) {
    long end = System.nanoTime() + WARM_UP.toNanos();
    do {
      run(workload);
    } while (System.nanoTime() < end);
    double[] rates = new double[repetitions];
    Optional<CollectiveCounters> before = engine.collectives();
    steps = 0;
    stepNanos = 0;
    for (int i = 0; i < repetitions; i++) {
      rates[i] = run(workload);
    }
    Arrays.sort(rates);
    return new Measured(
        rates, engine.collectives().flatMap(after -> before.map(after::since)), steps, stepNanos);
  }

  private double run(Workload workload) {
    log.drain();
    List<Generation> generations = new ArrayList<>();
    for (int i = 0; i < workload.sequences(); i++) {
      generations.add(engine.submit(GenerationRequest.builder(Prompt.tokens(prompt(workload.promptTokens())))
          .maxTokens(workload.generatedTokens()).ignoreEos().build()));
    }
    for (Generation generation : generations) {
      GenerationResult result = generation.result();
      if (result.finishReason() != FinishReason.LENGTH || result.tokens().size() != workload.generatedTokens()) {
        throw new CommandException(
            workload.name() + ": a sequence ended by " + result.finishReason() + " after " + result.tokens().size() + " of "
                + workload.generatedTokens() + " tokens");
      }
    }
    // the last token of a sequence is sampled and never run
    List<StepLog.Entry> ran = steps((long) workload.sequences() * (workload.promptTokens() + workload.generatedTokens() - 1));
    steps += ran.size();
    stepNanos += ran.stream().mapToLong(step -> step.timings().totalNanos()).sum();
    return rate(workload, ran);
  }

  /** The steps that ran so many tokens; on a busy machine the engine may tell of the last ones late. */
  private List<StepLog.Entry> steps(long expectedTokens) {
    List<StepLog.Entry> ran = new ArrayList<>(log.drain());
    long end = System.nanoTime() + LAST_STEP.toNanos();
    while (ran.stream().mapToLong(step -> step.timings().tokens()).sum() < expectedTokens && System.nanoTime() < end) {
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return ran;
      }
      ran.addAll(log.drain());
    }
    return ran;
  }

  private int[] prompt(int tokens) {
    int[] ids = new int[tokens];
    int vocabulary = engine.model().program().vocabularySize();
    Arrays.setAll(ids, i -> random.nextInt(vocabulary));
    return ids;
  }

  private static double rate(Workload workload, List<StepLog.Entry> steps) {
    List<StepLog.Entry> counted = switch (workload.counted()) {
      case EVERY_STEP -> steps;
      case FULL_BATCH -> steps.stream()
          .filter(step -> step.timings().sequences() == workload.sequences() && step.timings().tokens() == workload.sequences())
          .toList();
    };
    if (counted.isEmpty()) {
      throw new CommandException(
          workload.name() + ": the sequences never ran all at once; give them more memory (--kv-cache-memory-bytes), or measure fewer");
    }
    long tokens = counted.stream().mapToLong(step -> step.timings().tokens()).sum();
    long nanos = counted.getLast().endNanos() - counted.getFirst().startNanos();
    return tokens * 1e9 / nanos;
  }
}
