package dev.jebena.server.cli;

import dev.jebena.engine.Engine;
import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.EngineListener;
import dev.jebena.engine.model.Model;
import dev.jebena.models.ModelOptions;
import dev.jebena.models.Models;
import java.nio.file.Path;

/**
 * An engine and its model, closed in order.
 *
 * @param loadNanos what opening and loading took
 */
record LoadedEngine(Model model, Engine engine, long loadNanos) implements AutoCloseable {

  /** Opens and loads, with progress on a terminal. */
  static LoadedEngine load(Path path, ModelOptions options, EngineConfig config, EngineListener listener, Surroundings surroundings) {
    long start = System.nanoTime();
    return load(Models.open(path, options), config, listener, surroundings, start);
  }

  /**
   * Loads an opened model, with progress on a terminal.
   *
   * @param startNanos when opening began
   */
  static LoadedEngine load(Model model, EngineConfig config, EngineListener listener, Surroundings surroundings, long startNanos) {
    try (Progress progress = new Progress(surroundings)) {
      Engine engine = Engine.loader(model).config(config).listener(listener).progress(progress.loading()).load();
      return new LoadedEngine(model, engine, System.nanoTime() - startNanos);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  @Override
  public void close() {
    try {
      engine.close();
    } finally {
      model.close();
    }
  }
}
