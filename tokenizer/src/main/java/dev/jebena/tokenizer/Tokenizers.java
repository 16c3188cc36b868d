package dev.jebena.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Builds tokenizers from the forms in which models carry them. */
public final class Tokenizers {

  private static final long MAX_FILE_BYTES = 512L << 20;

  private Tokenizers() {}

  /** As {@link #fromGguf(GgufVocabulary, TokenizerOptions)} with everything as the file says. */
  public static Tokenizer fromGguf(GgufVocabulary vocabulary) {
    return fromGguf(vocabulary, TokenizerOptions.NONE);
  }

  /**
   * Builds the tokenizer of a GGUF file.
   *
   * @throws TokenizerException naming the model or pre-tokenizer if it is not supported, or the entry that is malformed
   */
  public static Tokenizer fromGguf(GgufVocabulary vocabulary, TokenizerOptions options) {
    return GgufLoader.load(vocabulary, options);
  }

  /**
   * Builds the tokenizer of a Hugging Face model.
   *
   * @param folderOrFile the model's folder, or its {@code tokenizer.json}
   * @throws TokenizerException naming the component if it is not supported, or the entry that is malformed
   */
  public static Tokenizer fromHuggingFace(Path folderOrFile) {
    return HuggingFaceLoader.load(folderOrFile);
  }

  /** Whether a file's name says that it is a tokenizer without a model. */
  public static boolean isTokenizerFile(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return name.endsWith(".json") || name.endsWith(".model") || name.endsWith(".tiktoken");
  }

  /**
   * Builds the tokenizer of a file or folder: {@code tokenizer.json}, a SentencePiece {@code .model} or a rank file ({@code .tiktoken}, or a
   * {@code .model} that is one). In a folder the first of these that is there is taken.
   *
   * @throws TokenizerException if there is none, if a rank file's pattern is not known and none is chosen, or as {@link #fromHuggingFace} does
   */
  public static Tokenizer fromFile(Path folderOrFile, TokenizerOptions options) {
    Path file = Files.isDirectory(folderOrFile) ? within(folderOrFile) : folderOrFile;
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".json")) {
      options.requireNoPreTokenizer("a tokenizer.json");
      return HuggingFaceLoader.load(file);
    }
    byte[] data;
    try {
      long bytes = Files.size(file);
      if (bytes > MAX_FILE_BYTES) {
        throw new TokenizerException(file + " has " + bytes + " bytes, more than the " + MAX_FILE_BYTES + " that are read");
      }
      data = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new TokenizerException(file + " cannot be read: " + e.getMessage(), e);
    }
    try {
      if (data.length == 0) {
        throw new TokenizerException("the file is empty: fetch it again");
      }
      if (name.endsWith(".tiktoken") || TiktokenLoader.isRankFile(data)) {
        return TiktokenLoader.load(data, file, options);
      }
      options.requireNoPreTokenizer("a SentencePiece model");
      return SentencePieceLoader.load(data, file.toAbsolutePath().getParent());
    } catch (TokenizerException e) {
      throw new TokenizerException(file + ": " + e.getMessage(), e);
    }
  }

  private static Path within(Path folder) {
    for (String name : List.of("tokenizer.json", "tokenizer.model", "tiktoken.model", "qwen.tiktoken", "spiece.model", "sentencepiece.bpe.model")) {
      if (Files.isRegularFile(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".tiktoken"))
          .sorted()
          .findFirst()
          .orElseThrow(() -> new TokenizerException(folder + " has no tokenizer.json, tokenizer.model or .tiktoken file: give the file itself if it has another name"));
    } catch (IOException e) {
      throw new TokenizerException(folder + " cannot be read: " + e.getMessage(), e);
    }
  }
}
