package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.tck.ShardedProvider;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Two devices that meet by themselves against one of the reference. */
@EnabledIfSystemProperty(named = "jebena.cuda.tck", matches = "full", disabledReason = EmulatedTck.LONG)
class ShardedCudaTckTest extends EmulatedTck {

  ShardedCudaTckTest() {
    super(2);
  }

  @Override
  public BackendProvider provider() {
    return new ShardedProvider(new CudaBackendProvider(), 2);
  }
}
