package dev.jebena.engine.tck.fake;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Probe;
import java.util.Map;

/** Opens {@link FakeBackend}; given to an engine by hand, never found by itself. */
public final class FakeBackendProvider implements BackendProvider {

  /** Its name. */
  public static final String NAME = "fake";

  private final FakeOptions options;
  private final FakeLanguage language;

  public FakeBackendProvider(FakeOptions options, FakeLanguage language) {
    this.options = options;
    this.language = language;
  }

  /** Speaks {@link FakeModel#LANGUAGE}. */
  public FakeBackendProvider(FakeOptions options) {
    this(options, FakeModel.LANGUAGE);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int preference() {
    return -1;
  }

  @Override
  public Probe probe() {
    return new Probe.Available(Map.of("device", "none"));
  }

  @Override
  public Backend open(BackendSettings settings, MemoryBudget budget) {
    return new FakeBackend(options, language, budget);
  }
}
