package dev.jebena.cpu;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.Communicator;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.Footprint;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A team of threads over the Vector API. */
final class CpuBackend implements Backend {

  private final Team team;
  private final MemoryBudget budget;
  private final AtomicInteger open = new AtomicInteger();
  private boolean closed;

  CpuBackend(BackendSettings settings, MemoryBudget budget) {
    this.team = new Team(settings.threads().orElseGet(Cores::available));
    this.budget = budget;
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
    facts.put("arithmetic", "float32 products and sums, weights exactly as stored");
    List<String> warnings = new ArrayList<>();
    if (team.size() > Runtime.getRuntime().availableProcessors()) {
      warnings.add(
          team.size() + " threads share " + Runtime.getRuntime().availableProcessors() + " processors: set --threads to at most that");
    }
    // the first round is for the JIT: it compiles some kernels only after others have run through the same code
    SelfTest.run(team);
    return new BackendReport(facts, SelfTest.run(team), warnings);
  }

  @Override
  public List<Unsupported> unsupported(Program program, KvFormat kvFormat) {
    return List.of();
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
    return 4L * new ProgramCompiler(program, limits).place().size();
  }

  @Override
  public WeightSet load(Program program, WeightSource source, LoadProgress progress) {
    requireOpen();
    open.incrementAndGet();
    try {
      return WeightLoader.load(program, source, progress, team, budget, open::decrementAndGet);
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
    communicator.requireFits(program);
    requireSupported(program, kvFormat);
    MemoryBudget.Reservation scratch = budget.reserve(scratchBytes(program, limits), "the values of a step of " + program.name());
    try {
      SlotTable table = new SlotTable(program, limits, kvFormat);
      ProgramCompiler compiler = new ProgramCompiler(program, limits);
      Scratch places = compiler.place();
      CpuWeightSet set = (CpuWeightSet) weights;
      set.requireAll(program);
      ProgramCompiler.Stages stages = compiler.compile(table, new KvLayout(program, kvFormat), set, team.size(), communicator);
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
      team.close();
    }
  }
}
