package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** What a step costs in launches, and that fusing changes nothing but that. */
class LaunchesTest extends EmulatedTest {

  private static final KvFormat KV = new KvFormat(KvType.F16, 16);
  private static final Limits LIMITS = new Limits(16, 2, 8, 64);
  private static final SlotSettings SETTINGS = new SlotSettings(5, SamplingParameters.GREEDY, 0, new int[0], 3, -1);

  private static TinyShape shape(int layers) {
    return new TinyShape(96, 32, layers, 4, 2, 8, 64, BlockType.Q4_0, new AttentionMask.Causal());
  }

  /** What a run over a few steps gave. */
  private record Run(List<Integer> tokens, List<Integer> logprobBits, long decodeLaunches, long replayed) {}

  private static Run run(Program program, List<Node> nodes, ComputeType type) {
    BackendSettings settings = new BackendSettings(OptionalInt.empty(), type);
    try (Backend backend = new CudaBackendProvider().open(settings, new MemoryBudget(1L << 32));
        WeightSet weights = backend.load(program, new RandomWeights(5), LoadProgress.SILENT);
        CudaExecutable executable = ((CudaBackend) backend)
            .compile(program, new ProgramCompiler(program, nodes, LIMITS, KV, Arithmetic.of(type)), weights, LIMITS, KV, Communicator.ALONE);
        KvCache cache = executable.allocateCache(6)) {
      List<Integer> tokens = new ArrayList<>();
      List<Integer> bits = new ArrayList<>();
      StepPlan plan = new StepPlan();
      plan.open(0, new int[] {5, 17, 80, 3, 44}, SETTINGS);
      plan.appendBlock(0, 0, 2);
      plan.run(0, 0, 5, 1);
      long launches = 0;
      for (int i = 0; i < 5; i++) {
        long before = executable.launches();
        StepResult result = executable.submit(plan, cache).await();
        launches = i == 1 ? executable.launches() - before : launches;
        tokens.add(result.token(0));
        bits.add(Float.floatToRawIntBits(result.logprob(0)));
        plan.reset(i + 1);
        plan.run(0, 5 + i, 1, 1);
      }
      return new Run(tokens, bits, launches, executable.replayedSteps());
    }
  }

  @Test
  void aLlamaBlockDecodesInAtMostEightLaunches() {
    Program one = TinyPrograms.llama(shape(1));
    Program three = TinyPrograms.llama(shape(3));
    Run small = run(one, Fusion.fused(one), ComputeType.AUTO);
    Run large = run(three, Fusion.fused(three), ComputeType.AUTO);
    long block = (large.decodeLaunches() - small.decodeLaunches()) / 2;
    System.out.println("launches: " + block + " a block, " + (small.decodeLaunches() - block) + " around them");
    assertEquals(4, large.replayed(), "steps that decode are replayed");
    assertTrue(block <= 8, block + " launches a block");
    assertEquals(6, block);
  }

  @Test
  void productsOfCodesTakeNoLaunchMore() {
    Program one = TinyPrograms.llama(shape(1));
    Program two = TinyPrograms.llama(shape(2));
    long small = run(one, Fusion.fused(one), ComputeType.INT8).decodeLaunches();
    assertEquals(6, run(two, Fusion.fused(two), ComputeType.INT8).decodeLaunches() - small);
  }

  @Test
  void fusedAndUnfusedGiveTheSameTokens() {
    Program program = TinyPrograms.llama(shape(2));
    Run fused = run(program, Fusion.fused(program), ComputeType.F32);
    Run unfused = run(program, Fusion.unfused(program), ComputeType.F32);
    assertEquals(unfused.tokens(), fused.tokens());
    for (int i = 0; i < fused.logprobBits().size(); i++) {
      assertEquals(
          Float.intBitsToFloat(unfused.logprobBits().get(i)), Float.intBitsToFloat(fused.logprobBits().get(i)), 1e-5f, "step " + i);
    }
    assertTrue(fused.decodeLaunches() < unfused.decodeLaunches());
  }
}
