package dev.jebena.engine.backend;

/**
 * A compiled Program that runs steps and samples. Used by one thread, the engine's.
 *
 * <p>It keeps a slot for each sequence from {@link StepPlan#open} to {@link StepPlan#close}: token history, block tables, sampling
 * parameters. A plan brings only what changed; tokens that a step samples are appended to their slot's history by the backend itself.
 */
public interface Executable extends AutoCloseable {

  /** Steps that may be submitted before the first of them is awaited, at least 1. */
  int pipelineDepth();

  /**
   * Allocates a cache of {@code blocks} blocks. Block 0 is the null block: it is never read.
   *
   * @throws BackendException naming what was asked and what was free if the budget does not suffice
   */
  KvCache allocateCache(int blocks);

  /**
   * Takes a step. Does not wait for it; steps run in the order of submission. The plan must not change until the step is awaited.
   *
   * @throws IllegalStateException if {@link #pipelineDepth()} steps are in flight
   */
  StepHandle submit(StepPlan plan, KvCache cache);

  /**
   * Looks whether steps can still run; called now and then while there are none.
   *
   * @throws BackendException if what it needs is gone, such as another rank
   */
  default void requireAlive() {}

  /** Releases everything; waits for steps in flight. */
  @Override
  void close();
}
