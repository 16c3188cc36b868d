package dev.jebena.engine.tck;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** The backend under test. */
public interface TckSubject {

  /** The provider of the backend under test. */
  BackendProvider provider();

  /** How it is opened. */
  default BackendSettings settings() {
    return BackendSettings.DEFAULTS;
  }

  /** How large the tests are. */
  default TckScale scale() {
    return TckScale.WHOLE;
  }

  /** Multiplies all tolerances, for arithmetic that rounds more than float32. */
  default float toleranceFactor() {
    return 1;
  }

  /** A driver of the backend under test; skips the test, and says why, if the backend does not run the Program here. */
  default StepDriver subject(Program program, WeightSource weights, Limits limits, KvFormat kvFormat, int blocks,
      long blockSeed) {
    BackendProvider provider = provider();
    if (provider.probe() instanceof Probe.Unavailable(String reason)) {
      Assumptions.abort("backend " + provider.name() + " is unavailable: " + reason);
    }
    try (Backend backend = provider.open(settings(), new MemoryBudget(1L << 32))) {
      List<Unsupported> unsupported = backend.unsupported(program, kvFormat);
      Assumptions.assumeTrue(unsupported.isEmpty(), () -> "backend " + provider.name() + " does not support " + unsupported);
    }
    return new StepDriver(provider, settings(), program, weights, limits, kvFormat, blocks, blockSeed);
  }

  /** A driver of the reference backend. */
  default StepDriver reference(Program program, WeightSource weights, Limits limits, KvFormat kvFormat, int blocks) {
    return new StepDriver(Providers.reference(), BackendSettings.DEFAULTS, program, weights, limits, kvFormat, blocks, 0);
  }
}
