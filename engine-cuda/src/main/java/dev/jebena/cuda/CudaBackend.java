package dev.jebena.cuda;

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
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One GPU. All its Executables share one stream, so that their steps run one after another. */
final class CudaBackend implements Backend {

  /** Rows are the second dimension of a grid. */
  private static final int MAX_ROWS = 65_535;

  private final Device device;
  private final Kernels kernels;
  private final KernelCatalog catalog;
  private final DeviceStream stream;
  private final Arithmetic arithmetic;
  private final MemoryBudget budget;
  private final AtomicInteger open = new AtomicInteger();
  /** Not yet looked for: null. */
  private volatile Cublas.@Nullable Found cublas;
  private boolean closed;

  private CudaBackend(Device device, DeviceStream stream, Arithmetic arithmetic, MemoryBudget budget) {
    this.device = device;
    this.catalog = KernelCatalog.shipped();
    this.kernels = new Kernels(device, catalog);
    this.stream = stream;
    this.arithmetic = arithmetic;
    this.budget = budget;
  }

  static CudaBackend open(int ordinal, BackendSettings settings, MemoryBudget budget) {
    Device device = Device.open(ordinal);
    try {
      return new CudaBackend(device, device.stream(), Arithmetic.of(settings.computeType()), budget);
    } catch (RuntimeException | Error e) {
      device.close();
      throw e;
    }
  }

  /** A backend that does not look for cuBLAS, for tests of what it does then. */
  static CudaBackend openWithout(Cublas.Missing missing, int ordinal, BackendSettings settings, MemoryBudget budget) {
    CudaBackend backend = open(ordinal, settings, budget);
    backend.cublas = missing;
    return backend;
  }

  @Override
  public String name() {
    return CudaBackendProvider.NAME;
  }

  @Override
  public BackendReport report() {
    device.bind();
    Map<String, String> facts = new LinkedHashMap<>();
    Device.Memory memory = device.memory();
    int capability = device.computeCapability();
    facts.put("device", device.toString());
    facts.put("compute capability", capability / 10 + "." + capability % 10);
    facts.put("multiprocessors", String.valueOf(device.multiprocessors()));
    facts.put("memory", memory.freeBytes() + " of " + memory.totalBytes() + " bytes free");
    facts.put("arithmetic", arithmetic.description());
    Cublas.Found found = cublas;
    if (found != null) {
      facts.put("cuBLAS", switch (found) {
        case Cublas.Works _ -> "many rows by F16 and BF16 weights";
        case Cublas.Missing _ -> "missing";
      });
    }
    facts.put("threads", "1");
    List<String> warnings = new ArrayList<>();
    if (catalog.size() == 0) {
      warnings.add("this build has no kernels: build it with the PTX in engine-cuda/src/main/resources");
    }
    if (found instanceof Cublas.Missing(String reason)) {
      warnings.add(reason);
    }
    return new BackendReport(facts, List.of(), warnings);
  }

  @Override
  public List<Unsupported> unsupported(Program program, KvFormat kvFormat) {
    return Requirements.missing(catalog, program, kvFormat);
  }

  private void requireSupported(Program program, KvFormat kvFormat) {
    List<Unsupported> unsupported = unsupported(program, kvFormat);
    if (!unsupported.isEmpty()) {
      throw new BackendException("the cuda backend cannot run program " + program.name() + ": " + unsupported);
    }
  }

  private static void requireGrid(Program program, Limits limits) {
    // rows first: with no more of them, what follows from them is an int
    boolean fits = Math.max(limits.maxTokens(), limits.maxOutputRows()) <= MAX_ROWS
        && program.operations().stream()
            .allMatch(op -> !(op instanceof Op.MoeExperts experts) || MoeStages.mostTiles(experts, limits) <= MAX_ROWS);
    if (!fits) {
      throw new BackendException(
          "a step of " + limits.maxTokens() + " tokens: the cuda backend launches up to " + MAX_ROWS
              + " rows, or groups of pairs of rows and experts, at once: lower --max-num-batched-tokens");
    }
  }

  @Override
  public Footprint footprint(Program program, Limits limits, KvFormat kvFormat) {
    requireSupported(program, kvFormat);
    requireGrid(program, limits);
    ProgramCompiler compiler = new ProgramCompiler(program, limits, kvFormat, arithmetic);
    return new Footprint(new WeightLayout(program).bytes(), compiler.bytes(), compiler.layout().blockBytes());
  }

  @Override
  public WeightSet load(Program program, WeightSource source, LoadProgress progress) {
    requireOpen();
    device.bind();
    WeightLayout layout = new WeightLayout(program);
    String what = "the weights of " + program.name();
    MemoryBudget.Reservation reservation = budget.reserve(layout.bytes(), what);
    DeviceMemory memory = null;
    try {
      memory = device.allocate(layout.bytes(), what);
      WeightLoader.load(device, stream, layout, source, memory.address(), progress);
      open.incrementAndGet();
      return new CudaWeightSet(device, layout, memory, reservation, open::decrementAndGet);
    } catch (RuntimeException | Error e) {
      closeQuietly(memory);
      reservation.close();
      throw e;
    }
  }

  /** After an error: what cannot be closed either must not hide what happened first. */
  private void closeQuietly(@Nullable AutoCloseable resource) {
    if (resource != null) {
      try {
        resource.close();
      } catch (Exception e) {
        System.getLogger(CudaBackend.class.getName()).log(System.Logger.Level.DEBUG, "not closed on " + device, e);
      }
    }
  }

  @Override
  public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat) {
    return compile(program, weights, limits, kvFormat, Communicator.ALONE);
  }

  @Override
  public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat, Communicator communicator) {
    return compile(program, new ProgramCompiler(program, limits, kvFormat, arithmetic), weights, limits, kvFormat, communicator);
  }

  /** Compiles with a compiler that was made in another way, for tests that compare fused and unfused. */
  CudaExecutable compile(
      Program program, ProgramCompiler compiler, WeightSet weights, Limits limits, KvFormat kvFormat, Communicator communicator) {
    requireOpen();
    communicator.requireFits(program);
    requireSupported(program, kvFormat);
    requireGrid(program, limits);
    if (!(weights instanceof CudaWeightSet set)) {
      throw new BackendException("these weights were loaded by another backend than " + name() + ": load them with this one");
    }
    set.requireAll(program);
    device.bind();
    SlotTable table = new SlotTable(program, limits, kvFormat);
    String what = "the values of a step of " + program.name();
    MemoryBudget.Reservation reservation = budget.reserve(compiler.bytes(), what);
    List<AutoCloseable> made = new ArrayList<>();
    try {
      DeviceMemory memory = device.allocate(compiler.bytes(), what);
      made.add(memory);
      PinnedMemory pinned = device.pin(compiler.pinned().total(), what);
      made.add(pinned);
      List<DeviceEvent> done = new ArrayList<>();
      for (int i = 0; i < StepArrays.BUFFERS; i++) {
        done.add(device.event());
        made.add(done.getLast());
      }
      stream.zero(memory.address(), memory.bytes());
      ProgramCompiler.Stages stages = compiler.compile(
          device, stream, memory.address(), pinned.segment(), set, kernels, catalog, compiler.wantsCublas() ? cublas() : Optional.empty(), communicator);
      Launcher launcher = new Launcher(device, stream);
      made.add(launcher);
      CudaExecutable executable = new CudaExecutable(
          device, budget, table, compiler, stages,
          compiler.attendsInTiles(catalog) ? CudaExecutable.Tiling.TILES : CudaExecutable.Tiling.ROWS,
          catalog.has("sample") ? CudaExecutable.Sampling.DEVICE : CudaExecutable.Sampling.HOST,
          communicator, set, kernels,
          new CudaExecutable.Resources(memory, pinned, launcher, done, reservation), new Buckets(limits), open::decrementAndGet);
      open.incrementAndGet();
      return executable;
    } catch (RuntimeException | Error e) {
      made.reversed().forEach(this::closeQuietly);
      reservation.close();
      throw e;
    }
  }

  /** cuBLAS, once a Program has products for it. */
  private Optional<Cublas> cublas() {
    Cublas.Found found = cublas;
    if (found == null) {
      found = Cublas.open(device, stream);
      cublas = found;
      if (found instanceof Cublas.Missing(String reason)) {
        System.getLogger(CudaBackend.class.getName()).log(System.Logger.Level.WARNING, reason);
      }
    }
    return found instanceof Cublas.Works(Cublas works) ? Optional.of(works) : Optional.empty();
  }

  /** Allocations, streams, events, modules and graphs that are open on the device. */
  int openResources() {
    return device.openResources();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the cuda backend is closed");
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (open.get() > 0) {
      throw new IllegalStateException("the cuda backend has " + open.get() + " open WeightSets and Executables: close them first");
    }
    closed = true;
    if (!device.isLost()) {
      device.bind();
    }
    if (cublas instanceof Cublas.Works(Cublas works)) {
      works.close();
    }
    kernels.close();
    stream.close();
    device.close();
  }
}
