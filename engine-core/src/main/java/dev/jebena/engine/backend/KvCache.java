package dev.jebena.engine.backend;

/** The memory behind block ids. The pool that hands out ids is the engine's. */
public interface KvCache extends AutoCloseable {

  /** Blocks, the null block included. */
  int blocks();

  /** Bytes allocated. */
  long bytes();

  @Override
  void close();
}
