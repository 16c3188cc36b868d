package dev.jebena.engine.reference;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;

/** Opens the reference backend, which runs everywhere and is never the fastest. */
public final class ReferenceBackendProvider implements BackendProvider {

  static final String NAME = "reference";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int preference() {
    return 0;
  }

  @Override
  public Probe probe() {
    return new Probe.Available(facts());
  }

  @Override
  public Backend open(BackendSettings settings, MemoryBudget budget) {
    settings.requireComputeType(NAME, EnumSet.of(ComputeType.AUTO, ComputeType.F32));
    return new ReferenceBackend(settings, budget);
  }

  static Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("device", "cpu");
    facts.put("arithmetic", "scalar float32");
    facts.put("threads", "1");
    return facts;
  }
}
