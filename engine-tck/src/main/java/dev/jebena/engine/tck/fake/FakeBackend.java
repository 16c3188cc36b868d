package dev.jebena.engine.tck.fake;

import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendReport;
import dev.jebena.engine.backend.Executable;
import dev.jebena.engine.backend.Footprint;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import java.util.List;
import java.util.Map;

/** A backend that computes nothing: its tokens follow from {@link FakeLanguage}, read through the block tables. */
public final class FakeBackend implements Backend {

  /** What a token takes in the cache. */
  public static final int BYTES_PER_TOKEN = 64;

  private final FakeOptions options;
  private final FakeLanguage language;
  private final MemoryBudget budget;

  public FakeBackend(FakeOptions options, FakeLanguage language, MemoryBudget budget) {
    this.options = options;
    this.language = language;
    this.budget = budget;
  }

  @Override
  public String name() {
    return FakeBackendProvider.NAME;
  }

  @Override
  public BackendReport report() {
    return new BackendReport(Map.of("device", "none"), List.of(), List.of("nothing is computed: use another backend"));
  }

  @Override
  public List<Unsupported> unsupported(Program program, KvFormat kvFormat) {
    return List.of();
  }

  @Override
  public Footprint footprint(Program program, Limits limits, KvFormat kvFormat) {
    return new Footprint(0, 0, (long) BYTES_PER_TOKEN * kvFormat.blockTokens());
  }

  @Override
  public WeightSet load(Program program, WeightSource source, LoadProgress progress) {
    return new WeightSet() {
      @Override
      public long bytes() {
        return 0;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat) {
    return new FakeExecutable(options, language, limits, kvFormat.blockTokens(), budget);
  }

  @Override
  public void close() {}
}
