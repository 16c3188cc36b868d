package dev.jebena.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.schedule.SchedulerLimits.Chunking;
import dev.jebena.engine.schedule.SchedulerLimits.Prefixes;
import dev.jebena.engine.tck.fake.FakeOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class SchedulerRandomTest {

  private static final long SEED = Long.getLong("jebena.seed", System.nanoTime());
  private static final int STEPS = 100_000;
  private static final int STEPS_EACH = 500;

  @Test
  void aHundredThousandRandomStepsKeepEveryInvariant() {
    System.out.println("SchedulerRandomTest: -Djebena.seed=" + SEED);
    long preemptions = 0;
    long hits = 0;
    long generated = 0;
    for (int scenario = 0; scenario < STEPS / STEPS_EACH; scenario++) {
      long seed = SEED + scenario;
      RandomGenerator random = new SplittableRandom(seed);
      Simulation.Setup setup = randomSetup(random);
      try (Simulation simulation = new Simulation(setup)) {
        run(simulation, random);
        SchedulerCounters counters = simulation.scheduler.counters();
        preemptions += counters.preemptions();
        hits += counters.prefixHitTokens();
        generated += counters.generatedTokens();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("scenario of seed " + seed + ", " + setup + ": " + e.getMessage(), e);
      }
    }
    System.out.println(preemptions + " preemptions, " + hits + " tokens found, " + generated + " tokens generated");
    assertTrue(preemptions > 1000 && hits > 10_000 && generated > 100_000, "too little has happened");
  }

  private static void run(Simulation simulation, RandomGenerator random) {
    List<int[]> prefixes = randomPrefixes(random, simulation.setup.maxContext());
    double load = random.nextDouble(0.05, 1);
    for (int step = 0; step < STEPS_EACH; step++) {
      while (simulation.live.size() < 40 && random.nextDouble() < load) {
        simulation.add(randomQuestion(random, simulation.setup.maxContext(), prefixes));
      }
      if (random.nextInt(12) == 0 && !simulation.live.isEmpty()) {
        Simulation.Client victim = simulation.live.get(random.nextInt(simulation.live.size()));
        if (victim.end == null) {
          simulation.abort(victim);
          simulation.scheduler.checkIntegrity();
        }
      }
      simulation.scheduler.prefillBudget(random.nextInt(4) == 0 ? 1 + random.nextInt(8) : simulation.setup.limits().maxStepTokens());
      simulation.step();
    }
    simulation.finish();
  }

  private static Simulation.Setup randomSetup(RandomGenerator random) {
    int blockTokens = 1 + random.nextInt(6);
    int maxContext = 8 + random.nextInt(56);
    int maxSequences = 1 + random.nextInt(12);
    Chunking chunking = random.nextBoolean() ? Chunking.CHUNKED : Chunking.WHOLE;
    int stepTokens = maxSequences + random.nextInt(40);
    int fits = Math.ceilDiv(maxContext, blockTokens);
    FakeOptions options = FakeOptions.DEFAULTS.withPipelineDepth(1 + random.nextInt(2));
    if (random.nextInt(3) == 0) {
      options = options.withRowFailure(
          (settings, position) -> (position + settings.promptTokens()) % 97 == 0 ? Optional.of(RowStatus.NON_FINITE) : Optional.empty());
    }
    return new Simulation.Setup(
        new SchedulerLimits(
            maxSequences,
            chunking == Chunking.WHOLE ? Math.max(stepTokens, maxContext) : stepTokens,
            maxSequences + random.nextInt(8),
            blockTokens,
            chunking,
            random.nextInt(4) > 0 ? Prefixes.SHARED : Prefixes.SEPARATE),
        fits + random.nextInt(random.nextBoolean() ? 4 : 4 * fits),
        maxContext,
        options);
  }

  private static List<int[]> randomPrefixes(RandomGenerator random, int maxContext) {
    List<int[]> prefixes = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      prefixes.add(random.ints(random.nextInt(maxContext - 4), 1, 5).toArray());
    }
    return prefixes;
  }

  private static Simulation.Question randomQuestion(RandomGenerator random, int maxContext, List<int[]> prefixes) {
    int[] prefix = prefixes.get(random.nextInt(prefixes.size()));
    int[] prompt = Simulation.join(
        Arrays.copyOf(prefix, random.nextInt(prefix.length + 1)), random.ints(1 + random.nextInt(3), 1, 5).toArray());
    int most = maxContext - prompt.length;
    int maxTokens = random.nextInt(8) == 0 ? 0 : random.nextInt(most + 1);
    int[] ends = random.nextInt(4) == 0 ? new int[] {9, 1 + random.nextInt(4)} : random.nextBoolean() ? new int[] {9} : new int[0];
    SamplingParameters sampling =
        random.nextBoolean() ? SamplingParameters.GREEDY : SamplingParameters.GREEDY.withTemperature(1).withSeed(random.nextInt(3));
    return new Simulation.Question(
        prompt,
        new SlotSettings(
            prompt.length,
            sampling,
            random.nextInt(5) == 0 ? random.nextInt(maxTokens + 1) : 0,
            ends,
            random.nextInt(3) - 1,
            random.nextInt(4) == 0 ? random.nextInt(3) : -1),
        prompt.length + maxTokens,
        random.nextInt(6) == 0 ? Optional.of("salt" + random.nextInt(2)) : Optional.empty());
  }

  @Test
  void theSameAnswersComeHoweverTheyAreScheduled() {
    System.out.println("SchedulerRandomTest: -Djebena.seed=" + SEED);
    for (int depth = 1; depth <= 2; depth++) {
      RandomGenerator random = new SplittableRandom(SEED);
      Simulation.Setup roomy = new Simulation.Setup(
          new SchedulerLimits(65, 96, 70, 4, Chunking.CHUNKED, Prefixes.SHARED),
          65 * 24,
          96,
          FakeOptions.DEFAULTS.withPipelineDepth(depth));
      List<int[]> prefixes = randomPrefixes(random, 96);
      List<Simulation.Question> questions = new ArrayList<>();
      for (int i = 0; i < 65; i++) {
        questions.add(randomQuestion(random, 96, prefixes));
      }
      List<int[]> alone = new ArrayList<>();
      for (Simulation.Question question : questions) {
        alone.addAll(answers(roomy, List.of(question)));
      }
      for (Chunking chunking : Chunking.values()) {
        for (Prefixes sharing : Prefixes.values()) {
          assertAllEqual(alone, answers(roomy.with(chunking, sharing), questions));
          // 24 blocks are one full sequence: this preempts all the time
          assertAllEqual(alone, answers(roomy.with(chunking, sharing).withBlocks(30), questions));
        }
      }
    }
  }

  private static void assertAllEqual(List<int[]> expected, List<int[]> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i), "question " + i);
    }
  }

  private static List<int[]> answers(Simulation.Setup setup, List<Simulation.Question> questions) {
    try (Simulation simulation = new Simulation(setup)) {
      List<Simulation.Client> clients = questions.stream().map(simulation::add).toList();
      simulation.finish();
      return clients.stream().map(Simulation.Client::answer).toList();
    }
  }
}
