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

  /**
   * Times the kernels that it has chosen for what was loaded, and chooses again where one is slower than it should be; takes about a
   * quarter of a second. Where nothing is loaded, all kernels are timed, for up to half a minute. No step may run meanwhile. The figures are part
   * of {@link #report()} from then on.
   */
  default void selfTest() {}

  /** The operations that it cannot run; empty if it can run the Program. Allocates nothing. */
  List<Unsupported> unsupported(Program program, KvFormat kvFormat);

  /**
   * The memory that the Program will take. Allocates nothing.
   *
   * @throws BackendException naming the sites if the Program is unsupported
   */
  Footprint footprint(Program program, Limits limits, KvFormat kvFormat);

  /**
   * Is told what will be loaded and compiled next, and may get ready for it in the background until it is compiled; returns at once.
   * Nobody has to call it.
   */
  default void prepare(Program program, KvFormat kvFormat) {}

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

  /**
   * Compiles one rank's Program over its weights.
   *
   * @param communicator carries the Program's collectives; the caller closes what is behind it
   * @throws BackendException naming the sites if the Program is unsupported, or if the backend has no collectives
   */
  default Executable compile(Program program, WeightSet weights, Limits limits, KvFormat kvFormat, Communicator communicator) {
    if (communicator.worldSize() == 1) {
      return compile(program, weights, limits, kvFormat);
    }
    throw new BackendException(
        "backend " + name() + " has no collectives, so it cannot be one of " + communicator.worldSize() + " ranks: use one rank, or"
            + " another backend");
  }

  @Override
  void close();
}
