package dev.jebena.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.fake.FakeBackendProvider;
import dev.jebena.engine.tck.fake.FakeModel;
import dev.jebena.engine.tck.fake.FakeOptions;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Engines that compute nothing. */
final class FakeEngines {

  static final int CONTEXT = 512;

  /** Bytes of a block of 16 tokens. */
  static final int BLOCK_BYTES = 1024;

  private FakeEngines() {}

  static Engine load(EngineConfig config, FakeOptions options) {
    return Engine.loader(new FakeModel(CONTEXT)).config(config).backend(new FakeBackendProvider(options)).load();
  }

  static Engine load(EngineConfig config) {
    return load(config, FakeOptions.DEFAULTS);
  }

  /** A provider that remembers the budget that it was given. */
  record Watched(FakeBackendProvider provider, AtomicReference<MemoryBudget> budget) implements BackendProvider {

    Watched(FakeOptions options) {
      this(new FakeBackendProvider(options), new AtomicReference<>());
    }

    @Override
    public String name() {
      return provider.name();
    }

    @Override
    public int preference() {
      return provider.preference();
    }

    @Override
    public Probe probe() {
      return provider.probe();
    }

    @Override
    public Backend open(BackendSettings settings, MemoryBudget given) {
      budget.set(given);
      return provider.open(settings, given);
    }
  }

  /** What a greedy request is answered; it may sample the model's end token without ending, just as when the engine ignores it. */
  static int[] answer(int[] prompt, int minTokens, int maxTokens, int... endTokens) {
    SlotSettings settings =
        new SlotSettings(prompt.length, SamplingParameters.GREEDY, minTokens, endTokens, -1, -1);
    return FakeModel.LANGUAGE.complete(prompt, settings, Math.min(CONTEXT, prompt.length + maxTokens));
  }

  /** Waits for what comes within a step or two of another thread; fails after half a minute. */
  static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "waited in vain: " + what);
      LockSupport.parkNanos(200_000);
    }
  }

  static void awaitAllFree(Engine engine) {
    await("all blocks free", () -> {
      EngineStatistics now = engine.statistics();
      return now.running() == 0 && now.waiting() == 0 && now.kvBlocksUsed() == 0;
    });
  }
}
