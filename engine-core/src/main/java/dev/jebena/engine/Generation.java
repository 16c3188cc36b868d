package dev.jebena.engine;

import java.util.Optional;

/**
 * A generation under way, read by one thread at a time; {@link #cancel} may come from any thread. Detokenising and the search for stop
 * strings happen on the reader's thread. Closing a generation that has not ended cancels it.
 */
public final class Generation implements AutoCloseable {

  Generation() {}

  /** The request's id. */
  public String id() {
    throw new UnsupportedOperationException();
  }

  /** The prompt's token ids. */
  public int[] promptTokens() {
    throw new UnsupportedOperationException();
  }

  /**
   * Waits for what comes next.
   *
   * @return everything that is ready, at least one token but for a last chunk; empty when the generation has ended
   * @throws GenerationException if the request's row failed in a step
   * @throws GenerationInterruptedException if the thread was interrupted
   */
  public Optional<GenerationChunk> next() {
    throw new UnsupportedOperationException();
  }

  /**
   * Reads to the end and returns the whole, what was read before included.
   *
   * @throws GenerationException if the request's row failed in a step
   * @throws GenerationInterruptedException if the thread was interrupted
   */
  public GenerationResult result() {
    throw new UnsupportedOperationException();
  }

  /** Ends the generation early: its blocks are free within a step. Does nothing if it has ended. Safe for any thread; does not wait. */
  public void cancel() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    cancel();
  }
}
