package dev.jebena.cpu;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;

/** Finds out whether the Vector API is there, without touching it. */
public final class CpuBackendProvider implements BackendProvider {

  static final String NAME = "cpu";
  private static final String MODULE = "jdk.incubator.vector";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int preference() {
    return 100;
  }

  @Override
  public Probe probe() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return new Probe.Unavailable(
          "the module " + MODULE + " is not in this JVM: start it with --add-modules=" + MODULE + " (the jebena launcher does)");
    }
    try {
      Map<String, String> facts = new LinkedHashMap<>();
      facts.put("vectors", Lanes.describe());
      Cores cores = Cores.ofThisProcess();
      facts.put("threads", String.valueOf(cores.count()));
      facts.put("cores", cores.why());
      if (Lanes.BITS < 256) {
        facts.put("slow", "vectors of " + Lanes.BITS + " bits: AVX2 or AVX-512 would be two to four times as fast");
      }
      return new Probe.Available(facts);
    } catch (RuntimeException | LinkageError e) {
      return new Probe.Unavailable("the Vector API does not work here: " + e);
    }
  }

  @Override
  public Backend open(BackendSettings settings, MemoryBudget budget) {
    settings.requireComputeType(NAME, EnumSet.of(ComputeType.AUTO, ComputeType.F32));
    return switch (probe()) {
      case Probe.Available available -> new CpuBackend(settings, budget);
      case Probe.Unavailable(String reason) -> throw new BackendException("the cpu backend is unavailable: " + reason);
    };
  }
}
