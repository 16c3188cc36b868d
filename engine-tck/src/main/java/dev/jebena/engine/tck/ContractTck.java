package dev.jebena.engine.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.Footprint;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a backend promises about memory, errors and the order of closing. */
public interface ContractTck extends TckSubject {

  KvFormat KV = new KvFormat(KvType.F32, 4);
  Limits SMALL = new Limits(16, 2, 8, 20);
  SlotSettings SETTINGS = new SlotSettings(2, SamplingParameters.GREEDY, 0, new int[0], -1, -1);

  @Test
  default void reservesWhatItsFootprintSaysAndGivesItBack() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    MemoryBudget budget = new MemoryBudget(1L << 32);
    try (Backend backend = provider().open(settings(), budget)) {
      assertEquals(provider().name(), backend.name());
      long idle = budget.reservedBytes();
      Footprint footprint = backend.footprint(program, SMALL, KV);
      assertEquals(idle, budget.reservedBytes(), "a footprint reserves nothing");
      long[] progress = new long[2];
      WeightSet weights =
          backend.load(
              program,
              new RandomWeights(1),
              (done, total) -> {
                progress[0] = done;
                progress[1] = total;
              });
      assertEquals(progress[1], progress[0], "loading ends with all bytes loaded");
      assertEquals(footprint.weightBytes(), budget.reservedBytes() - idle);
      assertEquals(footprint.weightBytes(), weights.bytes());
      Executable executable = backend.compile(program, weights, SMALL, KV);
      assertEquals(footprint.weightBytes() + footprint.scratchBytes(), budget.reservedBytes() - idle);
      KvCache cache = executable.allocateCache(7);
      assertEquals(7, cache.blocks());
      assertEquals(7 * footprint.kvBlockBytes(), cache.bytes());
      assertEquals(
          footprint.weightBytes() + footprint.scratchBytes() + 7 * footprint.kvBlockBytes(), budget.reservedBytes() - idle);
      cache.close();
      cache.close();
      executable.close();
      executable.close();
      weights.close();
      weights.close();
      assertEquals(idle, budget.reservedBytes());
    }
    assertEquals(0, budget.reservedBytes());
  }

  @ParameterizedTest
  @EnumSource
  default void computesInEveryArithmeticOrRefusesItByName(ComputeType type) {
    try (Backend backend = provider().open(new BackendSettings(OptionalInt.empty(), type), new MemoryBudget(1L << 32))) {
      assertEquals(provider().name(), backend.name());
    } catch (BackendException refusal) {
      String message = String.valueOf(refusal.getMessage());
      assertTrue(message.contains("--compute-type " + type.name().toLowerCase(Locale.ROOT)), message);
    }
  }

  @ParameterizedTest
  @EnumSource
  default void storesEveryCacheOrRefusesItByName(KvType type) {
    try (Backend backend = provider().open(settings(), new MemoryBudget(1L << 32))) {
      List<Unsupported> missing = backend.unsupported(TinyPrograms.llama(TinyShape.DEFAULT), new KvFormat(type, 4));
      missing.forEach(
          each -> assertTrue(each.reason().contains("--kv-cache-dtype " + type.name().toLowerCase(Locale.ROOT)), each.reason()));
    }
  }

  @Test
  default void keepsWeightsUntilTheLastExecutableCloses() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    MemoryBudget budget = new MemoryBudget(1L << 32);
    try (Backend backend = provider().open(settings(), budget)) {
      WeightSet weights = backend.load(program, new RandomWeights(1), LoadProgress.SILENT);
      Executable executable = backend.compile(program, weights, SMALL, KV);
      weights.close();
      try (KvCache cache = executable.allocateCache(4)) {
        StepPlan plan = new StepPlan();
        plan.open(0, new int[] {1, 2}, SETTINGS);
        plan.appendBlock(0, 0, 2);
        plan.run(0, 0, 2, 1);
        assertEquals(1, executable.submit(plan, cache).await().rows());
      }
      executable.close();
    }
    assertEquals(0, budget.reservedBytes());
  }

  @Test
  default void sharesWeightsBetweenExecutables() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    MemoryBudget budget = new MemoryBudget(1L << 32);
    try (Backend backend = provider().open(settings(), budget)) {
      WeightSet weights = backend.load(program, new RandomWeights(1), LoadProgress.SILENT);
      Executable first = backend.compile(program, weights, SMALL, KV);
      Executable second = backend.compile(program, weights, SMALL, KV);
      try (KvCache firstCache = first.allocateCache(4);
          KvCache secondCache = second.allocateCache(4)) {
        assertEquals(firstToken(first, firstCache), firstToken(second, secondCache));
      }
      first.close();
      weights.close();
      try (KvCache cache = second.allocateCache(4)) {
        StepPlan plan = new StepPlan();
        plan.close(0);
        openOne(plan);
        assertEquals(1, second.submit(plan, cache).await().rows());
      }
      second.close();
    }
    assertEquals(0, budget.reservedBytes());
  }

  private static int firstToken(Executable executable, KvCache cache) {
    StepPlan plan = new StepPlan();
    openOne(plan);
    return executable.submit(plan, cache).await().token(0);
  }

  @Test
  default void refusesToCloseWhileWeightsAreOpen() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    Backend backend = provider().open(settings(), new MemoryBudget(1L << 32));
    WeightSet weights = backend.load(program, new RandomWeights(1), LoadProgress.SILENT);
    assertThrows(RuntimeException.class, backend::close);
    weights.close();
    backend.close();
  }

  @Test
  default void refusesWhatTheBudgetDoesNotHoldAndLeavesNothingBehind() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    Footprint footprint;
    try (Backend backend = provider().open(settings(), new MemoryBudget(1L << 32))) {
      footprint = backend.footprint(program, SMALL, KV);
    }
    MemoryBudget tight = new MemoryBudget(footprint.weightBytes() - 1);
    try (Backend backend = provider().open(settings(), tight)) {
      long idle = tight.reservedBytes();
      assertThrows(BackendException.class, () -> backend.load(program, new RandomWeights(1), LoadProgress.SILENT));
      assertEquals(idle, tight.reservedBytes());
    }
    MemoryBudget enough = new MemoryBudget(footprint.weightBytes() + footprint.scratchBytes() + 2 * footprint.kvBlockBytes());
    try (Backend backend = provider().open(settings(), enough);
        WeightSet weights = backend.load(program, new RandomWeights(1), LoadProgress.SILENT);
        Executable executable = backend.compile(program, weights, SMALL, KV)) {
      long before = enough.reservedBytes();
      assertThrows(BackendException.class, () -> executable.allocateCache(1000));
      assertEquals(before, enough.reservedBytes());
      assertThrows(BackendException.class, () -> backend.compile(program, weights, SMALL, KV));
      assertEquals(before, enough.reservedBytes());
    }
    assertEquals(0, enough.reservedBytes());
  }

  @Test
  default void leavesNothingBehindWhenASourceFails() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    MemoryBudget budget = new MemoryBudget(1L << 32);
    RandomWeights random = new RandomWeights(1);
    try (Backend backend = provider().open(settings(), budget)) {
      long idle = budget.reservedBytes();
      assertThrows(
          RuntimeException.class,
          () ->
              backend.load(
                  program,
                  spec -> {
                    if (spec.name().equals("final_norm")) {
                      throw new IllegalArgumentException("no weight " + spec.name());
                    }
                    return random.weight(spec);
                  },
                  LoadProgress.SILENT));
      assertEquals(idle, budget.reservedBytes());
    }
  }

  @Test
  default void refusesWeightsOfAnotherProgram() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    Program larger = TinyPrograms.llama(TinyShape.DEFAULT.withVocabulary(200));
    try (Backend backend = provider().open(settings(), new MemoryBudget(1L << 32));
        WeightSet weights = backend.load(program, new RandomWeights(1), LoadProgress.SILENT)) {
      assertThrows(BackendException.class, () -> backend.compile(larger, weights, SMALL, KV));
    }
  }

  @Test
  default void refusesMoreStepsThanItsPipelineHolds() {
    try (StepDriver driver = small()) {
      openOne(driver.plan());
      int depth = driver.executable().pipelineDepth();
      assertTrue(depth >= 1);
      driver.executable().submit(driver.plan(), driver.cache());
      for (int i = 1; i < depth; i++) {
        StepPlan next = new StepPlan();
        next.reset(i);
        driver.executable().submit(next, driver.cache());
      }
      StepPlan tooMany = new StepPlan();
      tooMany.reset(depth);
      assertThrows(IllegalStateException.class, () -> driver.executable().submit(tooMany, driver.cache()));
    }
  }

  /** Steps that are submitted before the tokens that they run were seen give the same tokens. */
  @Test
  default void runsTokensOfStepsInFlight() {
    try (StepDriver slow = small(); StepDriver fast = small()) {
      assertEquals(greedy(slow, 1), greedy(fast, fast.executable().pipelineDepth()));
    }
  }

  /** Ten tokens of slot 0, while slot 1 opens with penalties, ends, and opens anew. */
  private static List<Integer> greedy(StepDriver driver, int depth) {
    SamplingParameters penalties = new SamplingParameters(0.8f, 20, 0.9f, 0, 1.2f, 0.3f, 0.2f, Map.of(4, 1f), 77);
    SlotSettings sampled = new SlotSettings(2, penalties, 0, new int[0], 2, 2);
    ArrayDeque<StepHandle> handles = new ArrayDeque<>();
    List<Integer> tokens = new ArrayList<>();
    int other = 0;
    for (int step = 0; step < 10; step++) {
      StepPlan plan = new StepPlan();
      plan.reset(step);
      if (step == 6) {
        plan.close(1);
        other = 0;
      }
      if (step == 0) {
        plan.open(0, new int[] {1, 2}, SETTINGS);
        plan.appendBlock(0, 0, 3);
      }
      if (step == 3 || step == 6) {
        plan.open(1, new int[] {step, 7}, sampled);
        plan.appendBlock(1, 0, step == 3 ? 5 : 6);
      }
      if (step == 2 || step == 6) {
        // slot 0 fills a block with 4 tokens
        plan.appendBlock(0, 0, 1 + step / 4);
      }
      if (step > 0) {
        plan.run(0, 1 + step, 1, 1);
      } else {
        plan.run(0, 0, 2, 1);
      }
      if (step >= 3 && other < 3) {
        if (other > 0) {
          plan.run(1, 1 + other, 1, 1);
        } else {
          plan.run(1, 0, 2, 1);
        }
        other++;
      }
      handles.add(driver.executable().submit(plan, driver.cache()));
      if (handles.size() == depth) {
        read(handles, tokens);
      }
    }
    while (!handles.isEmpty()) {
      read(handles, tokens);
    }
    return tokens;
  }

  private static void read(ArrayDeque<StepHandle> handles, List<Integer> tokens) {
    StepResult result = handles.remove().await();
    for (int row = 0; row < result.rows(); row++) {
      tokens.add(result.token(row));
      tokens.add(Float.floatToRawIntBits(result.logprob(row)));
    }
  }

  @Test
  default void takesStepsWithoutRows() {
    try (StepDriver driver = small()) {
      assertEquals(0, driver.step().rows());
      openOne(driver.plan());
      assertEquals(1, driver.step().rows());
      driver.plan().close(0);
      assertEquals(0, driver.step().rows());
    }
  }

  @Test
  default void runsPromptChunksWithoutOutputs() {
    try (StepDriver driver = small()) {
      driver.open(0, new int[] {1, 2, 3, 4, 5, 6}, SETTINGS);
      driver.run(0, 0, 4, 0);
      assertEquals(0, driver.step().rows());
      driver.run(0, 4, 2, 1);
      assertEquals(1, driver.step().rows());
    }
  }

  @Test
  default void refusesPlansThatDoNotFit() {
    int vocabulary = TinyShape.DEFAULT.vocabulary();
    refuses(plan -> plan.open(2, new int[] {1, 2}, SETTINGS));
    refuses(plan -> plan.open(0, new int[] {1, vocabulary}, SETTINGS));
    refuses(plan -> plan.open(0, new int[] {1, -1}, SETTINGS));
    refuses(plan -> plan.open(0, new int[21], SETTINGS));
    refuses(plan -> plan.close(0));
    refuses(plan -> plan.appendBlock(0, 0, 1));
    refuses(plan -> plan.run(0, 0, 1, 0));
    refuses(plan -> {
      openOne(plan);
      plan.open(0, new int[] {1, 2}, SETTINGS);
    });
    refuses(plan -> {
      openOne(plan);
      plan.appendBlock(0, 0, 8);
    });
    refuses(plan -> {
      openOne(plan);
      plan.appendBlock(0, 1, 1);
    });
    refuses(plan -> {
      plan.open(0, new int[] {1, 2}, SETTINGS);
      plan.appendBlock(0, 0, 1);
      plan.run(0, 0, 3, 1);
    });
    refuses(plan -> {
      plan.open(0, new int[] {1, 2}, SETTINGS);
      plan.run(0, 0, 2, 1);
    });
    refuses(plan -> {
      plan.open(0, new int[] {1, 2}, SETTINGS);
      plan.appendBlock(0, 0, 0);
      plan.run(0, 0, 2, 1);
    });
  }

  private void refuses(Consumer<StepPlan> write) {
    try (StepDriver driver = small()) {
      write.accept(driver.plan());
      IllegalArgumentException error = assertThrows(IllegalArgumentException.class, driver::step);
      assertTrue(String.valueOf(error.getMessage()).contains("slot"), "the message names the slot: " + error);
    }
  }

  private StepDriver small() {
    return subject(TinyPrograms.llama(TinyShape.DEFAULT), new RandomWeights(1), SMALL, KV, 8, 1);
  }

  private static void openOne(StepPlan plan) {
    plan.open(0, new int[] {1, 2}, SETTINGS);
    plan.appendBlock(0, 0, 3);
    plan.run(0, 0, 2, 1);
  }
}
