package dev.jebena.engine;

import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.WeightCacheSettings;
import dev.jebena.engine.parallel.Cluster;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How an engine runs. {@link #DEFAULTS} suits most; the builder changes single values.
 *
 * @param compute on what it runs
 * @param cache how much it remembers
 * @param scheduling how it shares itself between requests
 */
public record EngineConfig(Compute compute, Cache cache, Scheduling scheduling) {

  /** The backend's name that chooses by itself. */
  public static final String AUTO = "auto";

  /** What is right for most. */
  public static final EngineConfig DEFAULTS = builder().build();

  /** A feature that can be switched. */
  public enum Switch {
    ON,
    OFF
  }

  /**
   * On what the engine runs.
   *
   * @param backend a backend's name, or {@link #AUTO} for the best that is available
   * @param threads worker threads; empty: what the backend finds best
   * @param computeType the arithmetic of the products
   * @param tensorParallelSize ranks that share the model, in all processes
   * @param cluster the processes that the ranks are in; empty: all in this one
   * @param weightCache where repacked weights are kept for the next process, with one rank; empty: nowhere
   * @param selfTest whether the backend times its kernels when it is loaded, and replaces those that are slower than they should be
   * @param gpuMemoryUtilization share of a device's memory that is used, where the backend has a device with memory of its own
   */
  public record Compute(
      String backend, OptionalInt threads, ComputeType computeType, int tensorParallelSize, Optional<Cluster> cluster,
      double gpuMemoryUtilization, Switch selfTest, Optional<WeightCacheSettings> weightCache) {

    public Compute {
      requireRange("threads", threads.orElse(1), 1, 4096);
      requireRange("tensorParallelSize", tensorParallelSize, 1, 1024);
      cluster.ifPresent(each -> each.requireDivides(tensorParallelSize));
      if (!(gpuMemoryUtilization > 0 && gpuMemoryUtilization <= 1)) {
        throw new IllegalArgumentException("gpuMemoryUtilization is " + gpuMemoryUtilization + ": use a number over 0, up to 1");
      }
    }
  }

  /**
   * What the engine remembers.
   *
   * @param kvType how keys and values are stored; empty: F32, or F16 where F32 would not hold two sequences of full length
   * @param blockTokens tokens of a block
   * @param maxContext the most tokens of a sequence; empty: what the model was made for, or less if memory does not suffice
   * @param kvCacheBytes memory for keys and values; empty: on a device, what weights and values leave; otherwise an
   *     eighth of the machine's memory, at most 2 GiB, but enough for one sequence
   * @param prefixCaching whether equal prefixes are computed once
   */
  public record Cache(
      Optional<KvType> kvType, int blockTokens, OptionalInt maxContext, OptionalLong kvCacheBytes, Switch prefixCaching) {

    public Cache {
      requireRange("blockTokens", blockTokens, 1, 1024);
      requireRange("maxContext", maxContext.orElse(1), 1, Integer.MAX_VALUE);
      requireRange("kvCacheBytes", kvCacheBytes.orElse(1), 1, Long.MAX_VALUE);
    }
  }

  /**
   * How the engine shares itself between requests.
   *
   * @param maxSequences requests that run at once
   * @param maxBatchedTokens tokens of a step
   * @param chunkedPrefill whether a long prompt is spread over steps; if not, a step is made large enough for the whole context
   * @param maxWaiting requests that may wait besides those that run
   * @param readTimeout after so long without reading what is ready, a request is aborted
   * @param targetStepMillis the tokens of prompts in a step follow this time; empty: always up to {@code maxBatchedTokens}
   */
  public record Scheduling(
      int maxSequences,
      int maxBatchedTokens,
      Switch chunkedPrefill,
      int maxWaiting,
      Duration readTimeout,
      OptionalInt targetStepMillis) {

    public Scheduling {
      requireRange("maxSequences", maxSequences, 1, 65536);
      requireRange("maxBatchedTokens", maxBatchedTokens, maxSequences, 1 << 20);
      requireRange("maxWaiting", maxWaiting, 0, 1 << 20);
      requireRange("targetStepMillis", targetStepMillis.orElse(1), 1, 60_000);
      requireRange("readTimeout in milliseconds", readTimeout.toMillis(), 1, Long.MAX_VALUE);
    }
  }

  private static void requireRange(String name, long value, long from, long to) {
    if (value < from || value > to) {
      throw new IllegalArgumentException(name + " is " + value + ": use a number from " + from + " to " + to);
    }
  }

  /** A builder that starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects what differs from the defaults. */
  public static final class Builder {

    private String backend = AUTO;
    private OptionalInt threads = OptionalInt.empty();
    private ComputeType computeType = ComputeType.AUTO;
    private int tensorParallelSize = 1;
    private Optional<Cluster> cluster = Optional.empty();
    private double gpuMemoryUtilization = 0.9;
    private Optional<KvType> kvType = Optional.empty();
    private int blockTokens = 16;
    private OptionalInt maxContext = OptionalInt.empty();
    private OptionalLong kvCacheBytes = OptionalLong.empty();
    private Switch prefixCaching = Switch.ON;
    private int maxSequences = 64;
    private int maxBatchedTokens = 512;
    private Switch chunkedPrefill = Switch.ON;
    private int maxWaiting = 1024;
    private Duration readTimeout = Duration.ofSeconds(60);
    private OptionalInt targetStepMillis = OptionalInt.of(50);

    private Switch selfTest = Switch.ON;
    private Optional<WeightCacheSettings> weightCache = Optional.empty();

    private Builder() {}

    /** Where repacked weights are kept for the next process. */
    public Builder weightCache(WeightCacheSettings value) {
      weightCache = Optional.of(value);
      return this;
    }

    /** Whether kernels are timed at load, which takes up to 0.3 seconds. */
    public Builder selfTest(Switch value) {
      selfTest = value;
      return this;
    }

    public Builder backend(String value) {
      backend = value;
      return this;
    }

    public Builder threads(int value) {
      threads = OptionalInt.of(value);
      return this;
    }

    public Builder computeType(ComputeType value) {
      computeType = value;
      return this;
    }

    /** Divides the model among so many ranks; they share the threads of this process. */
    public Builder tensorParallelSize(int value) {
      tensorParallelSize = value;
      return this;
    }

    /** The ranks are in several processes, of which this is the one that schedules. */
    public Builder cluster(Cluster value) {
      cluster = Optional.of(value);
      return this;
    }

    /** Takes so much of a device's memory; keys and values get what the rest leaves. */
    public Builder gpuMemoryUtilization(double value) {
      gpuMemoryUtilization = value;
      return this;
    }

    public Builder kvType(KvType value) {
      kvType = Optional.of(value);
      return this;
    }

    public Builder blockTokens(int value) {
      blockTokens = value;
      return this;
    }

    public Builder maxContext(int value) {
      maxContext = OptionalInt.of(value);
      return this;
    }

    public Builder kvCacheBytes(long value) {
      kvCacheBytes = OptionalLong.of(value);
      return this;
    }

    public Builder prefixCaching(Switch value) {
      prefixCaching = value;
      return this;
    }

    public Builder maxSequences(int value) {
      maxSequences = value;
      return this;
    }

    public Builder maxBatchedTokens(int value) {
      maxBatchedTokens = value;
      return this;
    }

    public Builder chunkedPrefill(Switch value) {
      chunkedPrefill = value;
      return this;
    }

    public Builder maxWaiting(int value) {
      maxWaiting = value;
      return this;
    }

    public Builder readTimeout(Duration value) {
      readTimeout = value;
      return this;
    }

    public Builder targetStepMillis(int value) {
      targetStepMillis = OptionalInt.of(value);
      return this;
    }

    /** Steps take as many tokens as there are, up to {@code maxBatchedTokens}, however long that lasts. */
    public Builder noTargetStep() {
      targetStepMillis = OptionalInt.empty();
      return this;
    }

    /**
     * The configuration.
     *
     * @throws IllegalArgumentException naming the value that is out of range
     */
    public EngineConfig build() {
      return new EngineConfig(
          new Compute(backend, threads, computeType, tensorParallelSize, cluster, gpuMemoryUtilization, selfTest, weightCache),
          new Cache(kvType, blockTokens, maxContext, kvCacheBytes, prefixCaching),
          new Scheduling(maxSequences, maxBatchedTokens, chunkedPrefill, maxWaiting, readTimeout, targetStepMillis));
    }
  }
}
