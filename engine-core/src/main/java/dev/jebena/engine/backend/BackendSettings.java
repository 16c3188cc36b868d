package dev.jebena.engine.backend;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a backend is opened.
 *
 * @param threads worker threads; empty: what the backend finds best
 * @param computeType the arithmetic of the products
 * @param index which of the backends of this process it is, from 0: where there are several devices, each gets its own
 * @param weightCache where it may keep repacked weights; empty: nowhere
 */
public record BackendSettings(OptionalInt threads, ComputeType computeType, int index, Optional<WeightCacheSettings> weightCache) {

  /** Everything as the backend finds best. */
  public static final BackendSettings DEFAULTS = new BackendSettings(OptionalInt.empty(), ComputeType.AUTO);

  /** The only backend of this process. */
  public BackendSettings(OptionalInt threads, ComputeType computeType) {
    this(threads, computeType, 0);
  }

  /** One of the backends of this process, without a weight cache: each rank has other weights. */
  public BackendSettings(OptionalInt threads, ComputeType computeType, int index) {
    this(threads, computeType, index, Optional.empty());
  }

  /** The same with a weight cache. */
  public BackendSettings withWeightCache(WeightCacheSettings cache) {
    return new BackendSettings(threads, computeType, index, Optional.of(cache));
  }

  /**
   * Refuses arithmetic that a backend does not have.
   *
   * @param backend its name
   * @param known what it has
   * @throws BackendException naming the type and the remedy
   */
  public void requireComputeType(String backend, Set<ComputeType> known) {
    if (!known.contains(computeType)) {
      String names = known.stream().map(each -> each.name().toLowerCase(Locale.ROOT)).sorted().collect(Collectors.joining(" or "));
      throw new BackendException(
          "the " + backend + " backend has no --compute-type " + computeType.name().toLowerCase(Locale.ROOT) + ": use " + names
              + ", or a backend that rounds that way (--backend cuda)");
    }
  }

  public BackendSettings {
    if (threads.isPresent() && (threads.getAsInt() < 1 || threads.getAsInt() > 4096)) {
      throw new IllegalArgumentException("threads is " + threads.getAsInt() + ": use a number from 1 to 4096");
    }
    if (index < 0) {
      throw new IllegalArgumentException("index is " + index + ": backends count from 0");
    }
  }
}
