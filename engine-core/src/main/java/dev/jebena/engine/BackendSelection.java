package dev.jebena.engine;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.Probe;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * Which backend runs, and what the others answered when they were asked.
 *
 * @param chosen the backend that runs
 * @param candidates every backend found, the best first
 */
public record BackendSelection(BackendProvider chosen, List<Candidate> candidates) {

  public BackendSelection {
    candidates = List.copyOf(candidates);
  }

  /** A backend that was found and asked. */
  public record Candidate(BackendProvider provider, Probe probe) {}

  /** Every backend that {@link ServiceLoader} finds, asked, the best first. */
  public static List<Candidate> probeAll() {
    List<BackendProvider> providers = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class).forEach(providers::add);
    return probe(providers);
  }

  static List<Candidate> probe(List<BackendProvider> providers) {
    return providers.stream()
        .sorted(Comparator.comparingInt(BackendProvider::preference).reversed())
        .map(provider -> new Candidate(provider, provider.probe()))
        .toList();
  }

  /**
   * Chooses among the backends that {@link ServiceLoader} finds.
   *
   * @param name a backend's name, or {@link EngineConfig#AUTO} for the best that is available
   * @throws EngineLoadException naming the backends found and their reasons if none fits
   */
  public static BackendSelection select(String name) {
    return choose(name, probeAll());
  }

  static BackendSelection choose(String name, List<Candidate> candidates) {
    for (Candidate candidate : candidates) {
      boolean named = name.equals(EngineConfig.AUTO) || name.equals(candidate.provider().name());
      if (named && candidate.probe() instanceof Probe.Available) {
        return new BackendSelection(candidate.provider(), candidates);
      }
    }
    throw new EngineLoadException(
        "backend '" + name + "' is not available; " + (candidates.isEmpty() ? "no backend is on the class path: add engine-cpu"
            : "found: " + candidates.stream().map(BackendSelection::describe).collect(Collectors.joining("; "))));
  }

  /** One line about a candidate: its name and what it answered. */
  static String describe(Candidate candidate) {
    return candidate.provider().name() + switch (candidate.probe()) {
      case Probe.Available(var facts) -> " is available " + facts;
      case Probe.Unavailable(String reason) -> " is unavailable: " + reason;
    };
  }
}
