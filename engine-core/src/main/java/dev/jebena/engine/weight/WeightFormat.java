package dev.jebena.engine.weight;

/** How the elements of a weight are stored. Scaled formats (AWQ, GPTQ, FP8) take their place here when they are read. */
public sealed interface WeightFormat {

  /** Row after row of self-contained blocks along the columns. */
  record Blocked(BlockType type) implements WeightFormat {
    @Override
    public String toString() {
      return type.toString();
    }
  }

  /** Shorthand for {@link Blocked}. */
  static WeightFormat of(BlockType type) {
    return new Blocked(type);
  }
}
