package dev.jebena.models;

import dev.jebena.models.file.FileMappings;
import dev.jebena.tokenizer.TokenizerOptions;

/**
 * How a model is opened.
 *
 * @param text whether tokenizer and chat template are built
 * @param mappings counts the files that the model maps
 * @param tokenizer what the tokenizer is told that its file leaves open
 */
public record ModelOptions(Text text, FileMappings mappings, TokenizerOptions tokenizer) {

  /** What becomes of tokenizer and chat template. */
  public enum Text {
    /** They are built where the model has them; what cannot be built is an error. */
    IF_PRESENT,
    /** They are not looked at: only token ids are understood. */
    IDS_ONLY
  }

  /** Everything that the model has, counted by nobody else. */
  public static ModelOptions defaults() {
    return new ModelOptions(Text.IF_PRESENT, new FileMappings(), TokenizerOptions.NONE);
  }

  /** Without tokenizer and chat template. */
  public static ModelOptions idsOnly() {
    return new ModelOptions(Text.IDS_ONLY, new FileMappings(), TokenizerOptions.NONE);
  }

  /** The same, counting in {@code other}. */
  public ModelOptions withMappings(FileMappings other) {
    return new ModelOptions(text, other, tokenizer);
  }

  /** The same with other options for the tokenizer. */
  public ModelOptions withTokenizer(TokenizerOptions other) {
    return new ModelOptions(text, mappings, other);
  }
}
