package dev.jebena.server.cli;

import dev.jebena.engine.GenerationRequest;
import dev.jebena.engine.Prompt;
import dev.jebena.engine.RequestException;
import dev.jebena.engine.sampling.SamplingParameters;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** How tokens are chosen and when to stop. */
final class SamplingOptions {

  @Option(names = {"-n", "--max-tokens"}, paramLabel = "N", defaultValue = "1024", description = "The most tokens to generate (${DEFAULT-VALUE}).")
  private int maxTokens = 1024;

  @Option(names = "--temperature", paramLabel = "T", defaultValue = "0",
      description = "0 always takes the most likely token (${DEFAULT-VALUE}); higher is more varied.")
  private float temperature;

  @Option(names = "--top-k", paramLabel = "N", defaultValue = "0", description = "Sample among the N most likely tokens; 0: all.")
  private int topK;

  @Option(names = "--top-p", paramLabel = "P", defaultValue = "1", description = "Sample among the most likely tokens that reach this probability.")
  private float topP = 1;

  @Option(names = "--min-p", paramLabel = "P", defaultValue = "0", description = "Sample among tokens of at least this share of the best one's probability.")
  private float minP;

  @Option(names = "--repetition-penalty", paramLabel = "X", defaultValue = "1", description = "Makes tokens that were seen less likely; 1: not.")
  private float repetitionPenalty = 1;

  @Option(names = "--presence-penalty", paramLabel = "X", defaultValue = "0", description = "Subtracted from logits of tokens already generated.")
  private float presencePenalty;

  @Option(names = "--frequency-penalty", paramLabel = "X", defaultValue = "0", description = "Subtracted for each time that a token was generated.")
  private float frequencyPenalty;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "The same seed gives the same text (${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--stop", paramLabel = "TEXT", split = Settings.SEPARATOR, hideParamSyntax = true,
      description = "End where this text would begin; may be given several times.")
  private List<String> stop = List.of();

  @Option(names = "--ignore-eos", description = "Go on when the model would end.")
  private boolean ignoreEos;

  /** The most tokens that a request generates. */
  int maxTokens() {
    return maxTokens;
  }

  /**
   * A request for the continuation of a prompt.
   *
   * @throws UsageException naming the value that is out of range
   */
  GenerationRequest request(Prompt prompt) {
    try {
      GenerationRequest.Builder builder = GenerationRequest.builder(prompt)
          .sampling(new SamplingParameters(
              temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, Map.of(), seed))
          .maxTokens(maxTokens)
          .stop(stop);
      return (ignoreEos ? builder.ignoreEos() : builder).build();
    } catch (IllegalArgumentException | RequestException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }
}
