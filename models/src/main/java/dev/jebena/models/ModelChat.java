package dev.jebena.models;

import dev.jebena.models.file.FileMappings;
import dev.jebena.models.gguf.GgufFile;
import dev.jebena.models.gguf.GgufMetadata;
import dev.jebena.models.gguf.GgufValue;
import dev.jebena.tokenizer.Tokenizers;
import dev.jebena.tokenizer.template.ChatTemplate;
import dev.jebena.tokenizer.template.HuggingFaceTemplates;
import dev.jebena.tokenizer.template.NamedTemplates;
import dev.jebena.tokenizer.template.TemplateException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a model has for chats, without its weights.
 *
 * @param template empty if it has none
 * @param specialTokens {@code bos_token}, {@code eos_token} and so on, as templates are given them
 */
public record ModelChat(Optional<ChatTemplate> template, Map<String, String> specialTokens) {

  private static final String TEMPLATE = "tokenizer.chat_template";
  private static final Map<String, String> SPECIALS =
      Map.of(
          "bos_token", "bos", "eos_token", "eos", "unk_token", "unknown", "sep_token", "seperator", "pad_token", "padding", "mask_token", "mask");

  /**
   * Reads the templates of a model.
   *
   * @param path a GGUF file, which may have a vocabulary only, or a Hugging Face folder
   * @throws ModelException naming the file, what is wrong and the remedy
   */
  public static ModelChat open(Path path) {
    if (!Files.exists(path)) {
      throw new ModelException(path, "does not exist: give the path of a GGUF file or of a Hugging Face folder");
    }
    if (Tokenizers.isTokenizerFile(path) && Files.isRegularFile(path)) {
      throw new ModelException(path, "is a tokenizer's file, which has no chat template of its own: give the folder that it is in, or a template");
    }
    if (Files.isDirectory(path)) {
      try {
        HuggingFaceTemplates read = HuggingFaceTemplates.read(path);
        return new ModelChat(read.templates().map(each -> each), read.specialTokens());
      } catch (TemplateException e) {
        throw unusable(path, e);
      }
    }
    try (GgufFile file = GgufFile.open(path, new FileMappings())) {
      return new ModelChat(template(path, file.metadata()), specialTokens(file.metadata()));
    }
  }

  /** The templates in a GGUF file's metadata: {@code tokenizer.chat_template} and those with a name behind it. */
  static Optional<ChatTemplate> template(Path path, GgufMetadata metadata) {
    Map<String, String> sources = new LinkedHashMap<>();
    metadata.values().forEach((key, value) -> {
      if (value instanceof GgufValue.Text(String source) && (key.equals(TEMPLATE) || key.startsWith(TEMPLATE + "."))) {
        sources.put(key.equals(TEMPLATE) ? NamedTemplates.DEFAULT : key.substring(TEMPLATE.length() + 1), source);
      }
    });
    try {
      return sources.isEmpty() ? Optional.empty() : Optional.of(new NamedTemplates(sources));
    } catch (TemplateException e) {
      throw unusable(path, e);
    }
  }

  private static Map<String, String> specialTokens(GgufMetadata metadata) {
    List<String> tokens = metadata.texts("tokenizer.ggml.tokens").orElse(List.of());
    Map<String, String> specials = new LinkedHashMap<>();
    SPECIALS.forEach((name, key) -> metadata.whole("tokenizer.ggml." + key + "_token_id").ifPresent(id -> {
      if (id >= 0 && id < tokens.size()) {
        specials.put(name, tokens.get((int) id));
      }
    }));
    return Map.copyOf(specials);
  }

  private static ModelException unusable(Path path, TemplateException e) {
    return new ModelException(path, "its chat template cannot be used: " + e.getMessage(), e);
  }
}
