package dev.jebena.server.cli;

import dev.jebena.models.ModelOptions;
import dev.jebena.models.Models;
import dev.jebena.engine.model.Model;
import dev.jebena.tokenizer.SpecialTokens;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What of a model has to do with text: no weight is read for it. */
final class ModelText {

  private ModelText() {}

  /**
   * The chat template, which outlives the file.
   *
   * @param variables gets what the tokenizer has to say to a template
   * @throws CommandException if the model has none
   */
  static ChatTemplate template(Path path, Map<String, @Nullable Object> variables) {
    try (Model model = Models.open(path, ModelOptions.defaults())) {
      model.tokenizer().ifPresent(tokenizer -> {
        SpecialTokens specials = tokenizer.specialTokens();
        variables.put("bos_token", spelling(tokenizer, specials.beginning()));
        variables.put("eos_token", spelling(tokenizer, specials.end()));
      });
      return model.chatTemplate().orElseThrow(() -> new CommandException(path + " has no chat template: give a .jinja file"));
    }
  }

  private static String spelling(Tokenizer tokenizer, OptionalInt id) {
    return id.isPresent() ? tokenizer.tokenText(id.getAsInt()).orElse("") : "";
  }
}
