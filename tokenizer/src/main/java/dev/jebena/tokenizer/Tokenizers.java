package dev.jebena.tokenizer;

/** Builds tokenizers from the forms in which models carry them. */
public final class Tokenizers {

  private Tokenizers() {}

  /**
   * Builds the tokenizer of a GGUF file.
   *
   * @throws TokenizerException naming the model or pre-tokenizer if it is not supported, or the entry that is malformed
   */
  public static Tokenizer fromGguf(GgufVocabulary vocabulary) {
    return switch (vocabulary.model()) {
      case "gpt2" -> new ByteLevelBpeTokenizer(vocabulary, GgufPreTokenizers.named(vocabulary.pre().orElse("gpt-2")));
      case "llama" -> new SentencePieceBpeTokenizer(vocabulary);
      default ->
          throw new TokenizerException("tokenizer model '" + vocabulary.model() + "' is not supported; known are gpt2 and llama");
    };
  }

  /**
   * Builds the tokenizer of a Hugging Face model.
   *
   * @param folderOrFile the model's folder, or its {@code tokenizer.json}
   * @throws TokenizerException naming the component if it is not supported, or the entry that is malformed
   */
  public static Tokenizer fromHuggingFace(java.nio.file.Path folderOrFile) {
    return HuggingFaceLoader.load(folderOrFile);
  }
}
