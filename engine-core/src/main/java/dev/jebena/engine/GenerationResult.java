package dev.jebena.engine;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A generation that has ended.
 *
 * @param id the request's id
 * @param text the completion; without the stop string or the text of the stop token unless asked for
 * @param tokens every token sampled, the one that stopped it included
 * @param finish why and how it ended
 * @param prompt the prompt that was continued
 */
public record GenerationResult(String id, String text, List<GeneratedToken> tokens, Finish finish, PromptInfo prompt) {

  public GenerationResult {
    tokens = List.copyOf(tokens);
  }

  /** The ids of {@link #tokens()}. */
  public int[] tokenIds() {
    return tokens.stream().mapToInt(GeneratedToken::id).toArray();
  }

  /** Why it ended. */
  public FinishReason finishReason() {
    return finish.reason();
  }

  /**
   * How a generation ended.
   *
   * @param stopString the stop string that ended it
   * @param stopToken the stop id that ended it; empty for the model's own end-of-sequence tokens
   * @param detail for {@code ABORT} and {@code ERROR}, what happened
   */
  public record Finish(FinishReason reason, Optional<String> stopString, OptionalInt stopToken, Optional<String> detail) {}

  /**
   * The prompt as the model saw it.
   *
   * @param ids its token ids
   * @param cachedTokens how many of them were found in the prefix cache when the request first ran
   * @param logprobs one entry for each token of the prompt if asked for, otherwise empty
   */
  public record PromptInfo(int[] ids, int cachedTokens, List<GeneratedToken> logprobs) {

    public PromptInfo {
      logprobs = List.copyOf(logprobs);
    }
  }
}
