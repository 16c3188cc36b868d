package dev.jebena.models;

import dev.jebena.models.file.FileMappings;

/**
 * How a model is opened.
 *
 * @param text whether tokenizer and chat template are built
 * @param mappings counts the files that the model maps
 */
public record ModelOptions(Text text, FileMappings mappings) {

  /** What becomes of tokenizer and chat template. */
  public enum Text {
    /** They are built where the model has them; what cannot be built is an error. */
    IF_PRESENT,
    /** They are not looked at: only token ids are understood. */
    IDS_ONLY
  }

  /** Everything that the model has, counted by nobody else. */
  public static ModelOptions defaults() {
    return new ModelOptions(Text.IF_PRESENT, new FileMappings());
  }

  /** Without tokenizer and chat template. */
  public static ModelOptions idsOnly() {
    return new ModelOptions(Text.IDS_ONLY, new FileMappings());
  }

  /** The same, counting in {@code other}. */
  public ModelOptions withMappings(FileMappings other) {
    return new ModelOptions(text, other);
  }
}
