package dev.jebena.engine.tck;

import dev.jebena.engine.backend.BackendProvider;

/** The reference against itself: its invariance and contract; what it computes is tested apart. */
class ReferenceBackendTckTest extends BackendTck {

  @Override
  public BackendProvider provider() {
    return Providers.reference();
  }
}
