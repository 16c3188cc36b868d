package dev.jebena.engine.backend;

/** Loaded weights, shared by Executables. Closing it releases the owner's hold; the memory goes when no Executable uses it any more. */
public interface WeightSet extends AutoCloseable {

  /** Bytes that the weights take as the backend keeps them. */
  long bytes();

  @Override
  void close();
}
