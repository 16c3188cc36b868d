package dev.jebena.engine;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant}, or what else the model's chat template knows
 */
public record ChatMessage(String role, String content) {

  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }
}
