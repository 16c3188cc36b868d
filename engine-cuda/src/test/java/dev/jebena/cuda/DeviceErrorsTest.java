package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import dev.jebena.cuda.emulator.driver.CuResult;
import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineClosedException;
import dev.jebena.engine.Generation;
import dev.jebena.engine.GenerationException;
import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepHandle;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What fails names the call, the device and the remedy; and after what cannot be mended nothing is computed. */
class DeviceErrorsTest {

  private static final KvFormat KV = new KvFormat(KvType.F32, 4);
  private static final Limits SMALL = new Limits(16, 2, 8, 20);
  private static final SlotSettings SETTINGS = new SlotSettings(2, SamplingParameters.GREEDY, 0, new int[0], -1, -1);
  private static final EmulatedCudaOptions OPTIONS = EmulatedCudaOptions.DEFAULT;

  private static EmulatedCuda start(EmulatedCudaOptions options) {
    EmulatedCuda.assumeSupported();
    return EmulatedCuda.start(options);
  }

  private static Backend open() {
    return new CudaBackendProvider().open(BackendSettings.DEFAULTS, new MemoryBudget(1L << 40));
  }

  private static StepPlan plan() {
    StepPlan plan = new StepPlan();
    plan.open(0, new int[] {1, 2}, SETTINGS);
    plan.appendBlock(0, 0, 2);
    plan.run(0, 0, 2, 1);
    return plan;
  }

  @Test
  void oldJdksAreRefused() {
    assertTrue(String.valueOf(Installation.refusalOf(Runtime.Version.parse("25.0.2"))).contains("JDK-8377811"));
    assertEquals(null, Installation.refusalOf(Runtime.Version.parse("25.0.3")));
    assertEquals(null, Installation.refusalOf(Runtime.Version.parse("26")));
  }

  @Test
  void oldDriversAreRefused() {
    assertTrue(String.valueOf(Installation.refusalOfDriver(11_080)).contains("CUDA 11.8"));
    assertEquals(null, Installation.refusalOfDriver(12_000));
    assertEquals(null, Installation.refusalOfDriver(13_000));
  }

  @Test
  void whyADriverDoesNotStartIsSaidWithTheRemedy() {
    for (int result : new int[] {100, 34, 803, 804, 802, 999}) {
      String message = Installation.startFailure(result);
      assertTrue(message.contains("(" + result + ")") && message.contains(", ") && !message.contains("doctor"), message);
    }
  }

  @Test
  void probingShowsDevicesDriverAndCapability() {
    try (EmulatedCuda cuda = start(OPTIONS.withDevices(2).withComputeCapability(90))) {
      Probe.Available available = (Probe.Available) new CudaBackendProvider().probe();
      assertTrue(available.facts().getOrDefault("devices", "").contains("1: "), available.toString());
      assertTrue(available.facts().getOrDefault("devices", "").contains("compute capability 9.0"), available.toString());
      assertTrue(available.facts().getOrDefault("driver", "").startsWith("CUDA 1"), available.toString());
      assertEquals(OptionalLong.of(2L * (1L << 30) * 3 / 4), new CudaBackendProvider().memoryBytes(2, 0.75));
      cuda.verify();
    }
  }

  @Test
  void withoutDevicesOrWithOldOnesItIsUnavailable() {
    try (EmulatedCuda cuda = start(OPTIONS.withDevices(0))) {
      String reason = ((Probe.Unavailable) new CudaBackendProvider().probe()).reason();
      assertTrue(reason.contains("CUDA_VISIBLE_DEVICES") && reason.contains("nvidia-smi"), reason);
      cuda.clearFailures();
    }
    try (EmulatedCuda cuda = start(OPTIONS.withComputeCapability(75))) {
      String reason = ((Probe.Unavailable) new CudaBackendProvider().probe()).reason();
      assertTrue(reason.contains("7.5"), reason);
      cuda.verify();
    }
  }

  @Test
  void moreBackendsThanDevicesAreRefused() {
    try (EmulatedCuda cuda = start(OPTIONS)) {
      BackendSettings second = new BackendSettings(OptionalInt.empty(), BackendSettings.DEFAULTS.computeType(), 1);
      BackendException error = assertThrows(
          BackendException.class, () -> new CudaBackendProvider().open(second, new MemoryBudget(1L << 40)));
      assertTrue(String.valueOf(error.getMessage()).contains("--tensor-parallel-size"), error.toString());
      cuda.verify();
    }
  }

  @Test
  void memoryThatDoesNotSufficeNamesWhatWasAskedWhatIsFreeAndTheFlag() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    try (EmulatedCuda cuda = start(OPTIONS.withDeviceMemoryBytes(16L << 20))) {
      try (Backend backend = open();
          WeightSet weights = backend.load(program, new RandomWeights(1), LoadProgress.SILENT);
          Executable executable = backend.compile(program, weights, SMALL, KV)) {
        CudaMemoryException error = assertThrows(CudaMemoryException.class, () -> executable.allocateCache(100_000));
        String message = String.valueOf(error.getMessage());
        assertTrue(message.contains("100000 blocks") && message.contains("--gpu-memory-utilization"), message);
        assertTrue(message.contains(String.valueOf(100_000L * backend.footprint(program, SMALL, KV).kvBlockBytes())), message);
        try (KvCache cache = executable.allocateCache(4)) {
          assertEquals(1, executable.submit(plan(), cache).await().rows(), "what fails alone leaves the rest usable");
        }
      }
      assertEquals(0, cuda.leaks().size());
    }
  }

  @Test
  void afterALostContextNoStepGivesTokens() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    try (EmulatedCuda cuda = start(OPTIONS)) {
      Backend backend = open();
      WeightSet weights = backend.load(program, new RandomWeights(1), LoadProgress.SILENT);
      Executable executable = backend.compile(program, weights, SMALL, KV);
      KvCache cache = executable.allocateCache(4);
      cuda.injectAtNextLaunch(0, CuResult.ILLEGAL_ADDRESS);
      CudaDriverException error = assertThrows(CudaDriverException.class, () -> {
        StepHandle handle = executable.submit(plan(), cache);
        handle.await();
      });
      assertEquals(CudaDriverException.Severity.CONTEXT, error.severity());
      assertTrue(String.valueOf(error.getMessage()).contains("device 0"), error.toString());
      assertThrows(IllegalStateException.class, () -> executable.submit(plan(), cache));
      assertThrows(BackendException.class, executable::requireAlive);
      cache.close();
      executable.close();
      weights.close();
      backend.close();
    }
  }

  @Test
  void stepsInFlightBehindALostContextGiveNoTokensEither() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT);
    try (EmulatedCuda cuda = start(OPTIONS)) {
      Backend backend = open();
      WeightSet weights = backend.load(program, new RandomWeights(1), LoadProgress.SILENT);
      Executable executable = backend.compile(program, weights, SMALL, KV);
      KvCache cache = executable.allocateCache(4);
      assertEquals(2, executable.pipelineDepth());
      StepHandle first = executable.submit(plan(), cache);
      StepPlan next = new StepPlan();
      next.reset(1);
      next.run(0, 2, 1, 1);
      cuda.injectAtNextLaunch(0, CuResult.ILLEGAL_ADDRESS);
      assertThrows(RuntimeException.class, () -> {
        StepHandle second = executable.submit(next, cache);
        first.await();
        second.await();
      });
      assertThrows(IllegalStateException.class, first::await);
      assertThrows(IllegalStateException.class, () -> executable.submit(plan(), cache));
      cache.close();
      executable.close();
      weights.close();
      backend.close();
    }
  }

  @Test
  void aLostDeviceEndsEveryRequestOfAnEngineWithTheErrorAndTheEngine() throws Exception {
    try (EmulatedCuda cuda = start(OPTIONS); Engine engine = EngineRuns.load(new CudaBackendProvider(), EngineRuns.crowded(1, 1))) {
      assertEquals(EngineRuns.expected(1), EngineRuns.run(engine, 1));
      cuda.injectAtNextLaunch(0, CuResult.ILLEGAL_ADDRESS);
      for (Generation generation : EngineRuns.requests(4).stream().map(engine::submit).toList()) {
        GenerationException error = assertThrows(GenerationException.class, generation::result);
        assertTrue(String.valueOf(error.getMessage()).contains("device 0"), error.toString());
      }
      Throwable cause = engine.failure().toCompletableFuture().get(60, TimeUnit.SECONDS);
      assertTrue(String.valueOf(cause.getMessage()).contains("ILLEGAL_ADDRESS"), cause.toString());
      assertThrows(EngineClosedException.class, () -> engine.submit(EngineRuns.requests(1).getFirst()));
    }
  }
}
