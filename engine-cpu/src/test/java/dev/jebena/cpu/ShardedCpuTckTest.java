package dev.jebena.cpu;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.tck.BackendTck;
import dev.jebena.engine.tck.Providers;
import dev.jebena.engine.tck.ShardedProvider;

/** Three ranks of the CPU backend against one of the reference. */
class ShardedCpuTckTest extends BackendTck {

  @Override
  public BackendProvider provider() {
    return new ShardedProvider(Providers.named("cpu"), 3);
  }
}
