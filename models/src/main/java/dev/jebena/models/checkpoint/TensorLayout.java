package dev.jebena.models.checkpoint;

/** Whose order of rows the weights have: converters to GGUF permute the query and key rows of some architectures. */
public enum TensorLayout {
  GGUF,
  HUGGING_FACE
}
