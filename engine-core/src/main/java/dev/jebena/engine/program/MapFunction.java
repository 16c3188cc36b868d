package dev.jebena.engine.program;

/** What a {@link Op.Map} does to each element. */
public sealed interface MapFunction {

  /** An activation function. */
  record Activate(Activation activation) implements MapFunction {}

  /** x times {@code factor}. */
  record Scale(float factor) implements MapFunction {}

  /** limit tanh(x / limit). */
  record SoftCap(float limit) implements MapFunction {

    public SoftCap {
      if (!(limit > 0)) {
        throw new ProgramException("a soft cap has the limit " + limit + ": it must be positive");
      }
    }
  }
}
