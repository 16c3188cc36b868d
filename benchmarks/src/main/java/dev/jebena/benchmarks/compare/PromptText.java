package dev.jebena.benchmarks.compare;

import dev.jebena.engine.model.Model;
import dev.jebena.models.Models;
import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A text of a wanted number of tokens, for engines that take no token ids. */
final class PromptText {

  private static final String SENTENCE = "The coffee is washed, roasted over coals, ground by hand and boiled three times in a round clay pot. ";

  private PromptText() {}

  /** Writes the text; without a tokenizer in the model, four characters count as a token. */
  static Path write(Path modelFile, int tokens, Path path) throws IOException {
    String text = SENTENCE.repeat(tokens / 8 + 1);
    try (Model model = Models.open(modelFile)) {
      Tokenizer tokenizer = model.tokenizer().orElse(null);
      if (tokenizer != null) {
        int[] ids = tokenizer.encode(text, EncodeOptions.PLAIN);
        text = tokenizer.decode(Arrays.copyOf(ids, Math.min(tokens, ids.length)), DecodeOptions.KEEP_SPECIALS);
      } else {
        text = text.substring(0, 4 * tokens);
      }
    }
    return Files.writeString(path, text);
  }
}
