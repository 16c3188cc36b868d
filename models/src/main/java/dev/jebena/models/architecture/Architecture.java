package dev.jebena.models.architecture;

import dev.jebena.engine.program.Program;
import dev.jebena.models.checkpoint.Settings;
import dev.jebena.models.checkpoint.TensorLayout;
import dev.jebena.models.checkpoint.Weights;

/** A family of models: it reads settings and describes the forward pass. Stateless. */
public interface Architecture {

  /** The name that GGUF gives it, for example {@code llama}. */
  String name();

  /**
   * Describes the forward pass.
   *
   * @throws dev.jebena.models.ModelException if a setting is missing, out of range or not supported, or a weight does not fit
   */
  Program program(Settings settings, Weights weights, TensorLayout layout);
}
