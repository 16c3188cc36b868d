package dev.jebena.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.jebena.models.Models;
import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.EncodeOptions.Addition;
import dev.jebena.tokenizer.EncodeOptions.Specials;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.TokenizerException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Encodes or decodes a file line by line. */
@Command(
    name = "tokenize",
    header = "Turns texts into token ids, or back.",
    description = {
      "Encodes each line of a file, which is a JSON string, into a line of token ids;",
      "with --decode each line is an array of ids and becomes a JSON string, special tokens included."
    })
final class TokenizeCommand implements Callable<Integer> {

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "MODEL", description = {
        "A GGUF file (its weights are not read and may be missing), a Hugging Face folder, tokenizer.json,",
        "a SentencePiece .model, a .tiktoken file, or a name such as smollm2:135m."
      })
  private String model = "";

  @Option(names = "--no-special", description = "Do not add the tokens that the model wants around a text.")
  private boolean noSpecial;

  @Option(names = "--parse-special", description = "Special tokens written in the text become their ids.")
  private boolean parseSpecial;

  @Mixin
  private final TokenizerFlags tokenizerFlags = new TokenizerFlags();

  @Option(names = "--decode", description = "Turn ids into text.")
  private boolean decode;

  @Option(names = "--jsonl", required = true, paramLabel = "FILE", description = "The lines; - is standard input.")
  private String file = "";

  TokenizeCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    Path path = new ModelLocator(surroundings).locate(model);
    Tokenizer tokenizer = Models.tokenizer(path, tokenizerFlags.options());
    EncodeOptions options = new EncodeOptions(
        noSpecial ? Addition.NONE : Addition.ADD, parseSpecial ? Specials.PARSE : Specials.AS_TEXT);
    JsonLines.read(surroundings, file, (number, value) -> {
      try {
        JsonLines.write(surroundings.out(), decode
            ? tokenizer.decode(JsonLines.ids(number, "the line", value), DecodeOptions.KEEP_SPECIALS)
            : tokenizer.encode(text(number, value), options));
      } catch (TokenizerException e) {
        throw new CommandException("line " + number + ": " + e.getMessage(), e);
      }
    });
    return ExitCode.DONE;
  }

  private static String text(int number, JsonNode value) {
    if (!value.isTextual()) {
      throw new CommandException("line " + number + " is not a JSON string (--decode takes arrays of ids)");
    }
    return value.textValue();
  }
}
