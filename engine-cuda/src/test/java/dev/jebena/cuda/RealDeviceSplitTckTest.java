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

  /** Operands have 16 bits in two parts of bf16, not float32's 24: errors of a few millionths of the sum of the products' sizes. */
  @Override
  public float toleranceFactor() {
    return 4;
  }

  @Override
  public BackendProvider provider() {
    return new CudaBackendProvider();
  }
}
