package dev.jebena.tokenizer.template;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The chat templates of a Hugging Face folder, and the special tokens that they are given. As in Transformers, {@code chat_template.jinja}
 * with the files of {@code additional_chat_templates} goes before {@code tokenizer_config.json}; {@code chat_template.json} comes last.
 *
 * @param templates empty if the folder has none
 * @param specialTokens {@code bos_token}, {@code eos_token} and so on, as far as the folder names them
 */
public record HuggingFaceTemplates(Optional<NamedTemplates> templates, Map<String, String> specialTokens) {

  private static final long MAX_BYTES = 64L << 20;

  /**
   * Reads a folder.
   *
   * @throws TemplateException naming the file that cannot be read or is not what its name says
   */
  public static HuggingFaceTemplates read(Path folder) {
    Map<?, ?> config = object(folder.resolve("tokenizer_config.json"));
    Map<String, String> sources = files(folder);
    if (sources.isEmpty()) {
      add(sources, config.get("chat_template"), folder.resolve("tokenizer_config.json"));
    }
    if (sources.isEmpty()) {
      Path file = folder.resolve("chat_template.json");
      add(sources, object(file).get("chat_template"), file);
    }
    Map<String, String> specials = new LinkedHashMap<>();
    addSpecials(specials, object(folder.resolve("special_tokens_map.json")));
    addSpecials(specials, config);
    return new HuggingFaceTemplates(sources.isEmpty() ? Optional.empty() : Optional.of(new NamedTemplates(sources)), Map.copyOf(specials));
  }

  private static Map<String, String> files(Path folder) {
    Map<String, String> sources = new LinkedHashMap<>();
    Path single = folder.resolve("chat_template.jinja");
    if (Files.isRegularFile(single)) {
      sources.put(NamedTemplates.DEFAULT, text(single));
    }
    Path more = folder.resolve("additional_chat_templates");
    if (Files.isDirectory(more)) {
      List<Path> found = new ArrayList<>();
      try (DirectoryStream<Path> each = Files.newDirectoryStream(more, "*.jinja")) {
        each.forEach(found::add);
      } catch (IOException e) {
        throw new TemplateException(more + " cannot be read: " + e.getMessage());
      }
      found.sort(null);
      for (Path file : found) {
        String name = String.valueOf(file.getFileName());
        sources.put(name.substring(0, name.length() - ".jinja".length()), text(file));
      }
    }
    return sources;
  }

  /** A template alone, or a list of named ones. */
  private static void add(Map<String, String> sources, @Nullable Object value, Path file) {
    switch (value) {
      case null -> {}
      case String source -> sources.put(NamedTemplates.DEFAULT, source);
      case List<?> list -> {
        for (Object each : list) {
          if (!(each instanceof Map<?, ?> named) || !(named.get("name") instanceof String name)
              || !(named.get("template") instanceof String source)) {
            throw new TemplateException(file + ": an entry of chat_template has no name or no template");
          }
          sources.put(name, source);
        }
      }
      default -> throw new TemplateException(file + ": chat_template is neither a string nor a list of named templates");
    }
  }

  private static void addSpecials(Map<String, String> specials, Map<?, ?> map) {
    map.forEach((key, value) -> {
      if (key instanceof String name && name.endsWith("_token") && !name.startsWith("add_")) {
        Object token = value instanceof Map<?, ?> added ? added.get("content") : value;
        if (token instanceof String text) {
          specials.put(name, text);
        }
      }
    });
  }

  private static Map<?, ?> object(Path file) {
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    try {
      if (JsonValues.parse(text(file)) instanceof Map<?, ?> map) {
        return map;
      }
    } catch (IOException e) {
      throw new TemplateException(file + " is not JSON: " + JsonValues.reason(e));
    }
    throw new TemplateException(file + " is not a JSON object");
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new TemplateException(file + " has more than " + MAX_BYTES + " bytes");
      }
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new TemplateException(file + " is not UTF-8: convert it");
    } catch (IOException e) {
      throw new TemplateException(file + " cannot be read: " + e.getMessage());
    }
  }
}
