package dev.jebena.cuda;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;

/** Finds NVIDIA GPUs and opens one of them. */
public final class CudaBackendProvider implements BackendProvider {

  static final String NAME = "cuda";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int preference() {
    return 50;
  }

  @Override
  public Probe probe() {
    return new Probe.Unavailable("the CUDA backend does not run Programs yet");
  }

  @Override
  public Backend open(BackendSettings settings, MemoryBudget budget) {
    throw new BackendException("the CUDA backend does not run Programs yet: use --backend cpu");
  }
}
