package dev.jebena.engine.tck;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import dev.jebena.engine.parallel.ShardedBackend;

/**
 * Another provider's backend, several times: so that every test of a backend is one of several ranks too.
 *
 * @param provider of each rank's backend
 * @param ranks of them
 */
public record ShardedProvider(BackendProvider provider, int ranks) implements BackendProvider {

  @Override
  public String name() {
    return provider.name();
  }

  @Override
  public int preference() {
    return provider.preference();
  }

  @Override
  public Probe probe() {
    return provider.probe();
  }

  @Override
  public Backend open(BackendSettings settings, MemoryBudget budget) {
    return ShardedBackend.open(provider, ranks, settings, budget);
  }
}
