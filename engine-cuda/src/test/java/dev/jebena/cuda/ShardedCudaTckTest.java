package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.tck.ShardedProvider;

/** Two devices that meet by themselves against one of the reference. */
class ShardedCudaTckTest extends EmulatedTck {

  ShardedCudaTckTest() {
    super(2);
  }

  @Override
  public BackendProvider provider() {
    return new ShardedProvider(new CudaBackendProvider(), 2);
  }
}
