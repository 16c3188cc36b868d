package dev.jebena.engine.backend;

import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import java.util.List;

/**
 * One device, or one team of threads, that compiles Programs and runs them. It owns its threads or queue; all Executables of a backend
 * share them. Closing it fails while Executables or WeightSets are open.
 */
public interface Backend extends AutoCloseable {

  /** The provider's name. */
  String name();

  /** What it found and chose. */
  BackendReport report();

  /** The operations that it cannot run; empty if it can run the Program. Allocates nothing. */
  List<Unsupported> unsupported(Program program, KvFormat kvFormat);

  /**
   * The memory that the Program will take. Allocates nothing.
   *
   * @throws BackendException naming the sites if the Program is unsupported
   */
  Footprint footprint(Program program, Limits limits, KvFormat kvFormat);

  /**
   * Loads the weights, repacked as the kernels want them. The source may be closed afterwards.
   *
   * @throws BackendException naming what was asked and what was free if the budget does not suffice
   */
  WeightSet load(Program program, WeightSource source, LoadProgress progress);

  /**
   * Compiles a Program over loaded weights.
   *
   * @throws BackendException naming the sites if the Program is unsupported
   */
  Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat);

  @Override
  void close();
}
