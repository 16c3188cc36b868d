package dev.jebena.engine.tck;

import dev.jebena.engine.backend.BackendProvider;

/** Two ranks of the reference backend against one. */
class ShardedReferenceTckTest extends BackendTck {

  @Override
  public BackendProvider provider() {
    return new ShardedProvider(Providers.reference(), 2);
  }
}
