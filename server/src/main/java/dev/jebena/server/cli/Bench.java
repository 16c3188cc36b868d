package dev.jebena.server.cli;

import dev.jebena.engine.Engine;
import dev.jebena.engine.FinishReason;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.GenerationResult;
import dev.jebena.engine.Prompt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Runs workloads on an engine and takes their rates from the engine's own steps. */
final class Bench {

  private static final Duration WARM_UP = Duration.ofSeconds(4);

  /** The engine tells of a step just after it has answered: wait that long for the last one. */
  private static final Duration LAST_STEP = Duration.ofMillis(5);

  private final Engine engine;
  private final StepLog log;
  private final SplittableRandom random;

  Bench(Engine engine, StepLog log, long seed) {
    this.engine = engine;
    this.log = log;
    this.random = new SplittableRandom(seed);
  }

  /** Tokens per second of each repetition, in ascending order. */
  double[] measure(Workload workload, int repetitions) {
    long end = System.nanoTime() + WARM_UP.toNanos();
    do {
      run(workload);
    } while (System.nanoTime() < end);
    double[] rates = new double[repetitions];
    for (int i = 0; i < repetitions; i++) {
      rates[i] = run(workload);
    }
    Arrays.sort(rates);
    return rates;
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
    try {
      Thread.sleep(LAST_STEP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return rate(workload, log.drain());
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
