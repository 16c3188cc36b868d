package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.Providers;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole tiny models in every arithmetic, a prompt of many rows and steps of one, against the reference backend. */
class ComputeTypesTest extends EmulatedTest {

  private static final int PROMPT = 20;
  private static final int TOKENS = 22;
  private static final Limits LIMITS = new Limits(PROMPT, 1, PROMPT, 64);

  @Override
  EmulatedCudaOptions options() {
    return EmulatedCudaOptions.DEFAULT;
  }

  /** Log-probabilities {@code [TOKENS][vocabulary]} of a sequence whose first tokens come in one step. */
  private static float[][] logprobs(BackendProvider provider, ComputeType type, KvType kvType, Program program) {
    int vocabulary = program.vocabularySize();
    KvFormat kv = new KvFormat(kvType, 16);
    int[] tokens = new Random(3).ints(TOKENS, 0, vocabulary).toArray();
    float[][] table = new float[TOKENS][vocabulary];
    try (Backend backend = provider.open(new BackendSettings(OptionalInt.empty(), type), new MemoryBudget(1L << 32));
        WeightSet weights = backend.load(program, new RandomWeights(5), LoadProgress.SILENT);
        Executable executable = backend.compile(program, weights, LIMITS, kv);
        KvCache cache = executable.allocateCache(6)) {
      StepPlan plan = new StepPlan();
      plan.open(0, tokens, new SlotSettings(TOKENS, SamplingParameters.GREEDY, 0, new int[0], vocabulary, vocabulary));
      plan.appendBlock(0, 0, 2);
      plan.appendBlock(0, 0, 4);
      plan.run(0, 0, PROMPT, PROMPT);
      for (int at = 0; at < TOKENS; ) {
        StepResult result = executable.submit(plan, cache).await();
        for (int row = 0; row < result.rows(); row++, at++) {
          assertEquals(vocabulary, result.topCount(row));
          for (int i = 0; i < vocabulary; i++) {
            table[at][result.topToken(row, i)] = result.topLogprob(row, i);
          }
        }
        plan.reset(at);
        plan.run(0, at, 1, 1);
      }
    }
    return table;
  }

  private static double difference(float[][] a, float[][] b) {
    double largest = 0;
    for (int row = 0; row < a.length; row++) {
      for (int i = 0; i < a[row].length; i++) {
        double difference = Math.abs(a[row][i] - b[row][i]);
        largest = Double.isNaN(difference) ? difference : Math.max(largest, difference);
      }
    }
    return largest;
  }

  private static double error(ComputeType type, KvType kvType, Program program) {
    double error = difference(
        logprobs(Providers.reference(), ComputeType.AUTO, kvType, program), logprobs(new CudaBackendProvider(), type, kvType, program));
    System.out.println(type + " with a cache of " + kvType + ": log-probabilities differ by up to " + error);
    return error;
  }

  /** Rounding both factors to bf16, or rows to 8 bits, is seen in the second digit of a log-probability. */
  @ParameterizedTest
  @CsvSource({
    "AUTO, F16, 0, 3e-4", "AUTO, BF16, 0, 3e-4", "AUTO, Q4_0, 0, 3e-4", "F32, BF16, 0, 3e-5", "BF16, F16, 1e-4, 0.15", "BF16, BF16, 1e-4, 0.15",
    "BF16, Q8_0, 1e-4, 0.15", "INT8, Q4_0, 1e-4, 0.25", "INT8, F16, 1e-4, 0.15"
  })
  void roundsAsMuchAsItsNameSays(ComputeType type, BlockType weights, double least, double most) {
    double error = error(type, KvType.F32, TinyPrograms.llama(TinyShape.DEFAULT.withType(weights)));
    assertTrue(error >= least && error <= most, type + " with weights of " + weights + ": " + error);
    boolean cublas = cuda().log().counts().stream().anyMatch(counts -> counts.kernel().startsWith("split_"));
    boolean gemm = cuda().log().counts().stream().anyMatch(counts -> counts.kernel().startsWith("gemm_"));
    boolean dense = weights == BlockType.F16 || weights == BlockType.BF16;
    assertEquals(dense && type != ComputeType.F32, cublas, "pieces of rows for cuBLAS");
    assertEquals(!dense && type != ComputeType.F32, gemm, "the project's own product");
    assertEquals(
        type == ComputeType.INT8 && !dense,
        cuda().log().counts().stream().anyMatch(counts -> counts.kernel().contains("_int8_")), "products of codes");
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "AUTO", "INT8"})
  void readsAndWritesACacheOf8BitFloats(ComputeType type) {
    double error = error(type, KvType.FP8, TinyPrograms.llama(TinyShape.DEFAULT));
    // a value may fall to the other side of the middle between two codes
    assertTrue(error <= 0.4, type + ": " + error);
  }

  /** Rows of a step that decodes go through cuBLAS too from 17 on, and are captured with it. */
  @Test
  void manySequencesAreReplayedWithCublasInTheGraph() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT.withType(BlockType.F16));
    int sequences = 18;
    List<Integer> expected = decoded(Providers.reference(), program, sequences, executable -> {});
    List<Integer> tokens = decoded(new CudaBackendProvider(), program, sequences,
        executable -> assertEquals(3, ((CudaExecutable) executable).replayedSteps()));
    assertEquals(expected, tokens);
    assertTrue(cuda().log().counts().stream().anyMatch(counts -> counts.kernel().equals("split_f16_x2")));
  }

  private static List<Integer> decoded(BackendProvider provider, Program program, int sequences, Consumer<Executable> after) {
    Limits limits = new Limits(32, sequences, 24, 64);
    List<Integer> tokens = new ArrayList<>();
    assertTrue(provider.probe() instanceof Probe.Available);
    try (Backend backend = provider.open(BackendSettings.DEFAULTS, new MemoryBudget(1L << 32));
        WeightSet weights = backend.load(program, new RandomWeights(5), LoadProgress.SILENT);
        Executable executable = backend.compile(program, weights, limits, new KvFormat(KvType.F16, 16));
        KvCache cache = executable.allocateCache(sequences + 2)) {
      StepPlan plan = new StepPlan();
      for (int slot = 0; slot < sequences; slot++) {
        plan.open(slot, new int[] {3 + slot}, new SlotSettings(1, SamplingParameters.GREEDY, 0, new int[0], -1, -1));
        plan.appendBlock(slot, 0, slot + 1);
        plan.run(slot, 0, 1, 1);
      }
      for (int step = 1; step <= 3; step++) {
        StepResult result = executable.submit(plan, cache).await();
        for (int row = 0; row < sequences; row++) {
          tokens.add(result.token(row));
        }
        plan.reset(step);
        for (int slot = 0; slot < sequences; slot++) {
          plan.run(slot, step, 1, 1);
        }
      }
      after.accept(executable);
    }
    return tokens;
  }

  @Test
  void withoutCublasTheOwnKernelMultipliesDenseWeights() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT.withType(BlockType.BF16));
    KvFormat kv = new KvFormat(KvType.F16, 16);
    assertTrue(new CudaBackendProvider().probe() instanceof Probe.Available);
    try (CudaBackend backend = CudaBackend.openWithout(
            new Cublas.Missing("not here"), 0, BackendSettings.DEFAULTS, new MemoryBudget(1L << 32));
        WeightSet weights = backend.load(program, new RandomWeights(5), LoadProgress.SILENT);
        Executable executable = backend.compile(program, weights, LIMITS, kv);
        KvCache cache = executable.allocateCache(6)) {
      StepPlan plan = new StepPlan();
      plan.open(0, new int[PROMPT], new SlotSettings(PROMPT, SamplingParameters.GREEDY, 0, new int[0], -1, -1));
      plan.appendBlock(0, 0, 2);
      plan.appendBlock(0, 0, 3);
      plan.run(0, 0, PROMPT, 1);
      assertEquals(1, executable.submit(plan, cache).await().rows());
      assertTrue(backend.report().warnings().contains("not here"));
      assertEquals("missing", backend.report().facts().get("cuBLAS"));
    }
    assertTrue(cuda().log().counts().stream().anyMatch(counts -> counts.kernel().equals("gemm_bf16_x3")));
  }
}
