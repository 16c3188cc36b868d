package dev.jebena.cpu;

import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.Arena;
import java.util.OptionalInt;

/**
 * Runs a {@link Miniature} on a thread of its own while a model's weights are loaded, so that the JIT has compiled most of what the first
 * step needs when that step comes: interpreted, a step takes a hundred times as long as compiled.
 */
final class WarmUp implements AutoCloseable {

  private static final long LONGEST_NANOS = 3_000_000_000L;
  private static final int PROMPT_TOKENS = 12;
  private static final int DECODED_TOKENS = 4;

  private final Thread thread;
  private volatile boolean ended;

  /** Starts at once. */
  WarmUp(Program program, KvFormat kvFormat) {
    long end = System.nanoTime() + LONGEST_NANOS;
    thread = Thread.ofPlatform().daemon(true).name("jebena-cpu-warm-up").unstarted(() -> run(Miniature.of(program), kvFormat, end));
    // nothing that happens there may disturb loading: at worst the first step is slow
    thread.setUncaughtExceptionHandler((failed, problem) ->
        System.getLogger(WarmUp.class.getName()).log(System.Logger.Level.WARNING, "the kernels could not be warmed up", problem));
    thread.start();
  }

  private void run(Program miniature, KvFormat kvFormat, long end) {
    int blocks = Math.ceilDiv(PROMPT_TOKENS + DECODED_TOKENS + 1, kvFormat.blockTokens());
    Limits limits = new Limits(PROMPT_TOKENS, 1, 1, blocks * kvFormat.blockTokens());
    MemoryBudget budget = new MemoryBudget(Long.MAX_VALUE);
    try (Arena arena = Arena.ofShared();
        CpuBackend backend = new CpuBackend(new BackendSettings(OptionalInt.of(1), ComputeType.AUTO), budget)) {
      WeightSource zeros = spec -> WeightView.contiguous(spec, arena.allocate(spec.bytes(), Long.BYTES));
      try (WeightSet weights = backend.load(miniature, zeros, LoadProgress.SILENT);
          Executable executable = backend.compile(miniature, weights, limits, kvFormat);
          KvCache cache = executable.allocateCache(1 + blocks)) {
        boolean cached = !miniature.kvGroups().isEmpty();
        for (long step = 0; !ended && System.nanoTime() < end; step += 2 + DECODED_TOKENS) {
          sequence(executable, cache, cached ? blocks : 0, step);
        }
      }
    }
  }

  /** A prompt and some tokens. */
  private static void sequence(Executable executable, KvCache cache, int blocks, long firstStep) {
    SlotSettings settings = new SlotSettings(PROMPT_TOKENS, SamplingParameters.GREEDY, 0, new int[0], -1, -1);
    StepPlan plan = new StepPlan();
    plan.reset(firstStep);
    plan.open(0, new int[PROMPT_TOKENS], settings);
    for (int block = 1; block <= blocks; block++) {
      plan.appendBlock(0, 0, block);
    }
    plan.run(0, 0, PROMPT_TOKENS, 1);
    executable.submit(plan, cache).await();
    for (int i = 0; i < DECODED_TOKENS; i++) {
      plan.reset(firstStep + 1 + i);
      plan.run(0, PROMPT_TOKENS + i, 1, 1);
      executable.submit(plan, cache).await();
    }
    plan.reset(firstStep + 1 + DECODED_TOKENS);
    plan.close(0);
    executable.submit(plan, cache).await();
  }

  /** Ends the thread and waits for it, which takes a few steps of the miniature at most. */
  @Override
  public void close() {
    ended = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
