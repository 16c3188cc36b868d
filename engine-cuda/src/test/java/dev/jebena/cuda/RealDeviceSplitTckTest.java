package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.tck.AttentionTck;
import dev.jebena.engine.tck.ContractTck;
import dev.jebena.engine.tck.OperationTck;
import dev.jebena.engine.tck.SamplingTck;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Products and attention by tensor cores on a real GPU; {@code benchmarks/gpu-day} asks for it. */
@EnabledIfSystemProperty(named = "jebena.cuda.device", matches = "real", disabledReason = "needs a GPU: benchmarks/gpu-day runs it")
class RealDeviceSplitTckTest implements OperationTck, AttentionTck, SamplingTck, ContractTck {

  @Override
  public float toleranceFactor() {
    return SplitArithmetic.TOLERANCE_FACTOR;
  }

  @Override
  public BackendProvider provider() {
    return new CudaBackendProvider();
  }
}
