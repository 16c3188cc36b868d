package dev.jebena.cpu;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.Footprint;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightSource;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A team of threads over the Vector API. */
final class CpuBackend implements Backend {

  private static final long AT_LOAD_NANOS = 250_000_000;
  private static final long ROUND_NANOS = 2_500_000_000L;
  private static final long THOROUGH_NANOS = 20_000_000_000L;

  private final Team team;
  private final MemoryBudget budget;
  private final KernelTable kernels;
  private final Optional<WeightCache> cache;
  private final AtomicInteger open = new AtomicInteger();
  private final Set<BlockType> types = EnumSet.noneOf(BlockType.class);
  private volatile SelfTest.@Nullable Result selfTest;
  private boolean closed;
  private @Nullable WarmUp warmUp;

  CpuBackend(BackendSettings settings, MemoryBudget budget) {
    this.team = new Team(settings.threads().orElseGet(() -> Cores.ofThisProcess().count()));
    this.budget = budget;
    this.kernels = new KernelTable(ProductKernels.all());
    this.cache = settings.weightCache().map(each -> new WeightCache(each, team, Clock.systemUTC()));
  }

  @Override
  public String name() {
    return CpuBackendProvider.NAME;
  }

  @Override
  public BackendReport report() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("vectors", Lanes.describe());
    facts.put("threads", String.valueOf(team.size()));
    facts.put("cores", Cores.ofThisProcess().why());
    facts.put("arithmetic", "float32 products and sums, weights exactly as stored");
    List<String> warnings = new ArrayList<>();
    if (team.size() > Runtime.getRuntime().availableProcessors()) {
      warnings.add(
          team.size() + " threads share " + Runtime.getRuntime().availableProcessors() + " processors: set --threads to at most that");
    }
    facts.putAll(MemoryFacts.ofThisProcess());
    SelfTest.Result result = selfTest;
    if (result == null) {
      return new BackendReport(facts, List.of(), warnings);
    }
    facts.put("read", String.format(Locale.ROOT, "%.1f GB/s", result.ceilings().readBytesPerSecond() / 1e9));
    facts.put("multiply-add", String.format(Locale.ROOT, "%.0f GFLOP/s", result.ceilings().operationsPerSecond() / 1e9));
    warnings.addAll(result.warnings());
    return new BackendReport(facts, result.kernels(), warnings);
  }

  @Override
  public void selfTest() {
    requireOpen();
    SelfTest test = new SelfTest(team, kernels, SelfTest.Settling.BY_THE_JIT);
    if (types.isEmpty()) {
      // the JIT compiles some kernels only after others have run through the same code, so one round is never enough
      long start = System.nanoTime();
      SelfTest.Result result = test.run(List.of(BlockType.values()), ROUND_NANOS);
      do {
        result = test.run(List.of(BlockType.values()), ROUND_NANOS);
      } while (!result.allSettled() && System.nanoTime() - start < THOROUGH_NANOS);
      selfTest = result;
    } else {
      selfTest = test.run(types, AT_LOAD_NANOS);
    }
  }

  @Override
  public List<Unsupported> unsupported(Program program, KvFormat kvFormat) {
    if (kvFormat.type() != KvType.FP8) {
      return List.of();
    }
    return program.operations().stream()
        .filter(Op.KvWrite.class::isInstance)
        .map(op -> new Unsupported(op.site(), "this backend has no --kv-cache-dtype fp8: use q8_0, f16, bf16 or f32, or --backend cuda"))
        .limit(1)
        .toList();
  }

  private void requireSupported(Program program, KvFormat kvFormat) {
    List<Unsupported> unsupported = unsupported(program, kvFormat);
    if (!unsupported.isEmpty()) {
      throw new BackendException("the cpu backend cannot run program " + program.name() + ": " + unsupported);
    }
  }

  @Override
  public Footprint footprint(Program program, Limits limits, KvFormat kvFormat) {
    requireSupported(program, kvFormat);
    return new Footprint(
        WeightLoader.bytes(program), scratchBytes(program, limits), new KvLayout(program, kvFormat).blockBytes());
  }

  private long scratchBytes(Program program, Limits limits) {
    ProgramCompiler compiler = new ProgramCompiler(program, limits);
    return 4L * (compiler.place().size() + compiler.workFloats());
  }

  @Override
  public void prepare(Program program, KvFormat kvFormat) {
    requireOpen();
    endWarmUp();
    warmUp = new WarmUp(program, kvFormat);
  }

  private void endWarmUp() {
    WarmUp running = warmUp;
    if (running != null) {
      warmUp = null;
      running.close();
    }
  }

  @Override
  public WeightSet load(Program program, WeightSource source, LoadProgress progress) {
    requireOpen();
    open.incrementAndGet();
    WeightLoader.matrices(program).values().forEach(spec -> types.add(WeightLoader.format(spec).type()));
    try {
      return new WeightLoader(program, source, progress, team).load(cache, budget, open::decrementAndGet);
    } catch (RuntimeException | Error e) {
      open.decrementAndGet();
      throw e;
    }
  }

  @Override
  public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat) {
    return compile(program, weights, limits, kvFormat, Communicator.ALONE);
  }

  @Override
  public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat, Communicator communicator) {
    requireOpen();
    endWarmUp();
    communicator.requireFits(program);
    requireSupported(program, kvFormat);
    MemoryBudget.Reservation scratch = budget.reserve(scratchBytes(program, limits), "the values of a step of " + program.name());
    try {
      SlotTable table = new SlotTable(program, limits, kvFormat);
      ProgramCompiler compiler = new ProgramCompiler(program, limits);
      Scratch places = compiler.place();
      CpuWeightSet set = (CpuWeightSet) weights;
      set.requireAll(program);
      ProgramCompiler.Stages stages = compiler.compile(table, new KvLayout(program, kvFormat), set, kernels, team.size(), communicator);
      CpuExecutable executable = new CpuExecutable(
          team, budget, table, stages, set, places.offset(program.logits()), places.stride(program.logits()), scratch,
          open::decrementAndGet);
      open.incrementAndGet();
      return executable;
    } catch (RuntimeException | Error e) {
      scratch.close();
      throw e;
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the cpu backend is closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      if (open.get() > 0) {
        throw new IllegalStateException("the cpu backend has " + open.get() + " open WeightSets and Executables: close them first");
      }
      closed = true;
      endWarmUp();
      team.close();
    }
  }
}
