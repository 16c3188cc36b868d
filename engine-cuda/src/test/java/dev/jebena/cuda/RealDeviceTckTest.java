package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.tck.BackendTck;
import java.util.OptionalInt;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Exact arithmetic on a real GPU; {@code benchmarks/gpu-day} asks for it. */
@EnabledIfSystemProperty(named = "jebena.cuda.device", matches = "real", disabledReason = "needs a GPU: benchmarks/gpu-day runs it")
class RealDeviceTckTest extends BackendTck {

  @Override
  public BackendProvider provider() {
    return new CudaBackendProvider();
  }

  @Override
  public BackendSettings settings() {
    return new BackendSettings(OptionalInt.empty(), ComputeType.F32);
  }
}
