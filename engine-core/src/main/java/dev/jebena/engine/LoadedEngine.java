package dev.jebena.engine;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.Footprint;
import dev.jebena.engine.backend.KvCache;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.parallel.Cluster;
import dev.jebena.engine.parallel.RankNodes;
import dev.jebena.engine.parallel.ShardedBackend;
import dev.jebena.engine.program.Program;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;

/** What loading makes: backend, weights, executable and cache, sized to the machine and to each other. Closed in reverse order. */
record LoadedEngine(
    Model model,
    EngineConfig config,
    BackendSelection selection,
    Backend backend,
    Executable executable,
    KvCache cache,
    Limits limits,
    Deque<AutoCloseable> resources)
    implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Engine.class.getName());
  private static final long DEFAULT_MOST_KV_BYTES = 2L << 30;
  private static final int DEFAULT_KV_SHARE = 8;
  private static final int PROMPT_SCORE_ROWS = 64;

  /** How the cache is laid out and how long a sequence may get. */
  private record Plan(KvFormat format, Limits limits, int blocks) {}

  int maxContext() {
    return limits.maxContext();
  }

  int blockTokens() {
    return config.cache().blockTokens();
  }

  /** Loads a model on a backend; what fails releases all that was opened. */
  static LoadedEngine load(Model model, EngineConfig config, BackendSelection selection, LoadProgress progress) {
    selection.candidates().forEach(candidate -> LOG.log(System.Logger.Level.DEBUG, "backend {0}", BackendSelection.describe(candidate)));
    Deque<AutoCloseable> resources = new ArrayDeque<>();
    try {
      OptionalLong deviceBytes = deviceBytes(config.compute(), selection.chosen());
      MemoryBudget budget = budget(deviceBytes);
      Backend backend = open(model, config.compute(), selection.chosen(), budget);
      resources.push(backend);
      Program program = model.program();
      Plan plan = plan(model, config, backend, budget, mostKvBytes(deviceBytes));
      backend.prepare(program, plan.format);
      WeightSet weights = backend.load(program, model.weights(), progress);
      resources.push(weights);
      Executable executable = backend.compile(program, weights, plan.limits, plan.format);
      resources.push(executable);
      if (config.compute().selfTest() == EngineConfig.Switch.ON) {
        backend.selfTest();
      }
      KvCache cache = executable.allocateCache(plan.blocks + 1);
      resources.push(cache);
      return new LoadedEngine(model, config, selection, backend, executable, cache, plan.limits, resources);
    } catch (BackendException e) {
      closeAll(resources);
      throw new EngineLoadException(String.valueOf(e.getMessage()));
    } catch (RuntimeException | Error e) {
      closeAll(resources);
      throw e;
    }
  }

  /** Computes as ranks of another process's engine until that closes. */
  static void follow(Model model, EngineConfig config, BackendSelection selection) {
    EngineConfig.Compute compute = config.compute();
    Cluster cluster = compute.cluster().orElseThrow(
        () -> new EngineLoadException("no cluster is configured: an engine that follows needs to know where node 0 is"));
    RankNodes.follow(
        cluster, compute.tensorParallelSize(), model, selection.chosen(), new BackendSettings(compute.threads(), compute.computeType()),
        budget(deviceBytes(compute, selection.chosen())));
  }

  /** The memory of the devices that will compute, or of the machine. */
  private static MemoryBudget budget(OptionalLong deviceBytes) {
    return new MemoryBudget(deviceBytes.orElseGet(LoadedEngine::machineBytes));
  }

  private static OptionalLong deviceBytes(EngineConfig.Compute compute, BackendProvider provider) {
    int nodes = compute.cluster().map(Cluster::nodes).orElse(1);
    return provider.memoryBytes(compute.tensorParallelSize() / nodes, compute.gpuMemoryUtilization());
  }

  /** The most that the cache takes unless told otherwise: a device does nothing else, a machine does. */
  private static long mostKvBytes(OptionalLong deviceBytes) {
    return deviceBytes.isPresent() ? Long.MAX_VALUE : Math.min(DEFAULT_MOST_KV_BYTES, machineBytes() / DEFAULT_KV_SHARE);
  }

  private static Backend open(Model model, EngineConfig.Compute compute, BackendProvider provider, MemoryBudget budget) {
    BackendSettings settings = new BackendSettings(compute.threads(), compute.computeType(), 0, compute.weightCache());
    if (compute.cluster().isPresent()) {
      return RankNodes.lead(compute.cluster().get(), compute.tensorParallelSize(), model, provider, settings, budget);
    }
    return compute.tensorParallelSize() == 1
        ? provider.open(settings, budget)
        : ShardedBackend.open(provider, compute.tensorParallelSize(), settings, budget);
  }

  /** Memory of the machine or of the container that the process runs in. */
  private static long machineBytes() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory() * 4;
  }

  private static Plan plan(Model model, EngineConfig config, Backend backend, MemoryBudget budget, long mostKvBytes) {
    int wanted = config.cache().maxContext().orElse(model.maxContext());
    if (wanted > model.maxContext()) {
      throw new EngineLoadException(
          "maxContext is " + wanted + ": model '" + model.name() + "' was made for at most " + model.maxContext() + " tokens");
    }
    KvType type = config.cache().kvType().orElseGet(() -> {
      Plan full = plan(model, config, backend, budget, KvType.F32, wanted, mostKvBytes);
      boolean holdsTwo = (long) full.blocks * config.cache().blockTokens() >= 2L * wanted;
      return holdsTwo ? KvType.F32 : KvType.F16;
    });
    return plan(model, config, backend, budget, type, wanted, mostKvBytes);
  }

  private static Plan plan(
      Model model, EngineConfig config, Backend backend, MemoryBudget budget, KvType type, int wantedContext, long mostKvBytes) {
    KvFormat format = new KvFormat(type, config.cache().blockTokens());
    EngineConfig.Scheduling scheduling = config.scheduling();
    int stepTokens = scheduling.chunkedPrefill() == EngineConfig.Switch.ON
        ? scheduling.maxBatchedTokens()
        : Math.max(scheduling.maxBatchedTokens(), wantedContext);
    int outputRows = Math.min(stepTokens, Math.max(scheduling.maxSequences(), PROMPT_SCORE_ROWS));
    Limits limits = new Limits(stepTokens, scheduling.maxSequences(), outputRows, wantedContext);
    Footprint footprint = backend.footprint(model.program(), limits, format);
    long free = budget.freeBytes() - footprint.weightBytes() - footprint.scratchBytes();
    long sequenceBlocks = Math.ceilDiv(wantedContext, config.cache().blockTokens());
    long blockBytes = Math.max(1, footprint.kvBlockBytes());
    long byDefault = Math.max(mostKvBytes, (sequenceBlocks + 1) * blockBytes);
    long bytes = Math.min(config.cache().kvCacheBytes().orElse(byDefault), free);
    // more blocks than all sequences at full length could fill are of no use
    long blocks = Math.min(bytes / blockBytes - 1, sequenceBlocks * scheduling.maxSequences() + 1);
    if (blocks < 1) {
      throw new EngineLoadException(
          "the KV cache gets " + bytes + " bytes and one block takes " + blockBytes + ": raise kvCacheBytes, or use a smaller model");
    }
    if (blocks >= sequenceBlocks) {
      return new Plan(format, limits, (int) Math.min(blocks, Integer.MAX_VALUE - 1));
    }
    int fits = (int) Math.min(wantedContext, blocks * config.cache().blockTokens());
    if (config.cache().maxContext().isPresent()) {
      throw new EngineLoadException(
          "maxContext is " + wantedContext + ", the KV cache of " + bytes + " bytes holds " + fits
              + " tokens: raise kvCacheBytes, lower maxContext, or use kvType F16");
    }
    Limits fewer = new Limits(limits.maxTokens(), limits.maxSequences(), limits.maxOutputRows(), fits);
    return new Plan(format, fewer, (int) blocks);
  }

  @Override
  public void close() {
    closeAll(resources);
  }

  private static void closeAll(Deque<AutoCloseable> resources) {
    while (!resources.isEmpty()) {
      try {
        resources.pop().close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.ERROR, "a resource of the engine could not be closed", e);
      }
    }
  }
}
