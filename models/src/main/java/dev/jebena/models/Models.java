package dev.jebena.models;

import dev.jebena.engine.model.Model;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramException;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.models.architecture.Architecture;
import dev.jebena.models.architecture.Architectures;
import dev.jebena.models.checkpoint.Checkpoint;
import dev.jebena.models.checkpoint.CheckpointWeights;
import dev.jebena.models.checkpoint.GgufCheckpoint;
import dev.jebena.models.checkpoint.Weights;
import dev.jebena.models.file.FileMappings;
import dev.jebena.models.gguf.GgufFile;
import dev.jebena.models.gguf.GgufMetadata;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerException;
import dev.jebena.tokenizer.TokenizerOptions;
import dev.jebena.tokenizer.Tokenizers;
import dev.jebena.tokenizer.template.ChatTemplate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Opens models. */
public final class Models {

  private static final int MAX_CONTEXT = 1 << 24;

  private Models() {}

  /**
   * Opens a model with its tokenizer and chat template.
   *
   * @param path a GGUF file, or any file of a split one
   * @throws ModelException naming the file, what is wrong and the remedy
   */
  public static Model open(Path path) {
    return open(path, ModelOptions.defaults());
  }

  /** Opens a model; throws what {@link #open(Path)} throws. */
  public static Model open(Path path, ModelOptions options) {
    if (!Files.exists(path)) {
      throw new ModelException(path, "does not exist: give the path of a GGUF file");
    }
    if (Files.isDirectory(path)) {
      throw new ModelException(path, "is a folder: folders of safetensors are not read yet, give a GGUF file");
    }
    GgufFile file = GgufFile.open(path, options.mappings());
    boolean opened = false;
    try {
      Model model = open(new GgufCheckpoint(file), file.metadata(), options);
      opened = true;
      return model;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  private static Model open(Checkpoint checkpoint, GgufMetadata metadata, ModelOptions options) {
    Path path = checkpoint.path();
    Architecture architecture = Architectures.named(checkpoint.architecture()).orElseThrow(
        () -> new ModelException(
            path, "is of architecture '" + checkpoint.architecture() + "', which is not supported yet; known are "
                + String.join(", ", Architectures.names())));
    Program program;
    try {
      program = architecture.program(checkpoint.settings(), new Weights(path, checkpoint.tensors()), checkpoint.layout());
    } catch (ProgramException | IllegalArgumentException | ArithmeticException e) {
      throw new ModelException(path, "its settings and tensors do not fit each other: " + e.getMessage(), e);
    }
    Optional<Tokenizer> tokenizer = options.text() == ModelOptions.Text.IF_PRESENT ? tokenizer(path, metadata, options.tokenizer()) : Optional.empty();
    tokenizer.ifPresent(each -> {
      if (each.vocabularySize() > program.vocabularySize()) {
        throw new ModelException(
            path, "its tokenizer has " + each.vocabularySize() + " tokens, its embedding " + program.vocabularySize()
                + " rows: convert the model again");
      }
    });
    Optional<ChatTemplate> template =
        options.text() == ModelOptions.Text.IF_PRESENT ? ModelChat.template(path, metadata) : Optional.empty();
    int maxContext = checkpoint.settings().sizeOr("context_length", MAX_CONTEXT, Integer.MAX_VALUE);
    return new OpenedModel(
        name(path, metadata), program, new CheckpointWeights(checkpoint), Math.min(maxContext, MAX_CONTEXT), tokenizer, template,
        checkpoint);
  }

  /**
   * Opens a tokenizer alone: that of a model, whose weights are not looked at and may be missing, or that of a tokenizer's file.
   *
   * @param path a GGUF file, a Hugging Face folder, {@code tokenizer.json}, a SentencePiece {@code .model} or a {@code .tiktoken} file
   * @throws ModelException naming the file, what is wrong and the remedy
   */
  public static Tokenizer tokenizer(Path path, TokenizerOptions options) {
    if (!Files.exists(path)) {
      throw new ModelException(path, "does not exist: give the path of a model or of a tokenizer's file");
    }
    if (Files.isDirectory(path) || Tokenizers.isTokenizerFile(path)) {
      try {
        return Tokenizers.fromFile(path, options);
      } catch (TokenizerException e) {
        throw new ModelException(path, "its tokenizer cannot be used: " + e.getMessage(), e);
      }
    }
    try (GgufFile file = GgufFile.open(path, new FileMappings())) {
      return tokenizer(path, file.metadata(), options).orElseThrow(() -> new ModelException(path, "has no tokenizer"));
    }
  }

  private static Optional<Tokenizer> tokenizer(Path path, GgufMetadata metadata, TokenizerOptions options) {
    try {
      return GgufText.vocabulary(metadata).map(vocabulary -> Tokenizers.fromGguf(vocabulary, options));
    } catch (TokenizerException e) {
      throw new ModelException(path, "its tokenizer cannot be used: " + e.getMessage(), e);
    }
  }

  /** The file's name without its ending: what people call the model. */
  private static String name(Path path, GgufMetadata metadata) {
    Path file = path.getFileName();
    String name = file == null ? metadata.text("general.name").orElse("model") : file.toString();
    return name.endsWith(".gguf") ? name.substring(0, name.length() - ".gguf".length()) : name;
  }

  /** What was opened; closing it unmaps the files. */
  private record OpenedModel(
      String name,
      Program program,
      WeightSource weights,
      int maxContext,
      Optional<Tokenizer> tokenizer,
      Optional<ChatTemplate> chatTemplate,
      Checkpoint checkpoint)
      implements Model {

    @Override
    public void close() {
      checkpoint.close();
    }
  }
}
