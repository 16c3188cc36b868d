package dev.jebena.server.cli;

import dev.jebena.tokenizer.TokenizerOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What a tokenizer is told that its file leaves open; for every command that builds one. */
final class TokenizerFlags {

  @Option(
      names = "--pre-tokenizer",
      paramLabel = "NAME",
      description = "How texts are cut, instead of what the file says: a name as in tokenizer.ggml.pre; for rank files cl100k, o200k, llama3, qwen, kimi, ...")
  private Optional<String> preTokenizer = Optional.empty();

  TokenizerOptions options() {
    return new TokenizerOptions(preTokenizer);
  }
}
