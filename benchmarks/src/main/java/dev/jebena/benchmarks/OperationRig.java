package dev.jebena.benchmarks;

import dev.jebena.engine.BackendSelection;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.StepDriver;
import java.util.OptionalInt;

/** A small Program on a backend, run step by step without an engine around it. */
final class OperationRig implements AutoCloseable {

  /** Token ids of the input rows are below this. */
  static final int VOCABULARY = 256;

  private static final SlotSettings SETTINGS = new SlotSettings(1, SamplingParameters.GREEDY, 0, new int[0], -1, -1);
  private static final long SEED = 1;

  private final StepDriver driver;

  OperationRig(String backend, OptionalInt threads, Program program, int maxTokens, int slots, int maxContext, KvFormat kvFormat) {
    int blocks = 1 + slots * (1 + (maxContext - 1) / kvFormat.blockTokens());
    driver = new StepDriver(
        BackendSelection.select(backend).chosen(),
        new BackendSettings(threads, ComputeType.AUTO),
        program,
        new RandomWeights(SEED),
        new Limits(maxTokens, slots, slots, maxContext),
        kvFormat,
        blocks,
        SEED);
  }

  /** Takes a slot for a sequence of {@code tokens} tokens. */
  void open(int slot, int tokens) {
    int[] ids = new int[tokens];
    for (int i = 0; i < tokens; i++) {
      ids[i] = i * 31 % VOCABULARY;
    }
    driver.open(slot, ids, SETTINGS);
  }

  /** Adds tokens to the next step; none of their rows reaches the head. */
  void run(int slot, int start, int tokens) {
    driver.run(slot, start, tokens, 0);
  }

  /** Runs what was added. */
  long step() {
    driver.step();
    return driver.plan().step();
  }

  @Override
  public void close() {
    driver.close();
  }
}
