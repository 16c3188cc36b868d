package dev.jebena.cpu;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.tck.BackendTck;

class CpuBackendTckTest extends BackendTck {

  @Override
  public BackendProvider provider() {
    return new CpuBackendProvider();
  }
}
