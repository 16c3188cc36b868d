package dev.jebena.server.openai;

import dev.jebena.server.api.ApiException;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import dev.jebena.tokenizer.template.TemplateException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Turns a conversation into a prompt with the model's chat template. */
final class ChatPrompt {

  private ChatPrompt() {}

  static int[] encode(ServedModel model, ChatFields chat) {
    EncodeOptions options = chat.common().addSpecials().orElse(false) ? EncodeOptions.PROMPT : EncodeOptions.TEMPLATE;
    return model.encode("messages", render(model, chat), options);
  }

  /**
   * The conversation as text.
   *
   * @throws ApiException with status 400 if the model has no template or the template refuses the messages
   */
  static String render(ServedModel model, ChatFields chat) {
    ChatTemplate template = model.chatTemplate().orElseThrow(
        () -> ApiException.invalid("messages", "the model has no chat template: use /v1/completions, or give the server a template"));
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    Tokenizer tokenizer = model.tokenizer("messages");
    variables.put("bos_token", spelling(tokenizer, tokenizer.specialTokens().beginning()));
    variables.put("eos_token", spelling(tokenizer, tokenizer.specialTokens().end()));
    variables.put("tools", null);
    variables.put("documents", null);
    variables.putAll(chat.templateVariables());
    variables.put("messages", chat.messages());
    variables.put("add_generation_prompt", chat.turn() == ChatFields.Turn.ASSISTANT);
    try {
      String text = template.render(variables, model.clock());
      return chat.turn() == ChatFields.Turn.LAST_MESSAGE ? upToLastMessage(text, chat.messages()) : text;
    } catch (TemplateException e) {
      throw ApiException.invalid("messages", "the model's chat template refuses the messages: " + e.getMessage());
    }
  }

  private static String spelling(Tokenizer tokenizer, OptionalInt id) {
    return id.isPresent() ? tokenizer.tokenText(id.getAsInt()).orElse("") : "";
  }

  /** Cuts off what the template puts after the last message; templates that trim a message's end are followed in that. */
  private static String upToLastMessage(String text, List<Map<String, @Nullable Object>> messages) {
    String content = String.valueOf(messages.getLast().get("content"));
    int at = text.lastIndexOf(content);
    String kept = at >= 0 ? content : content.strip();
    at = at >= 0 ? at : text.lastIndexOf(kept);
    if (at < 0 || kept.isEmpty()) {
      throw ApiException.invalid(
          "continue_final_message", "the last message cannot be continued: the model's chat template does not show its content");
    }
    return text.substring(0, at + kept.length());
  }
}
