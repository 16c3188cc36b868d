package dev.jebena.server.openai;

import dev.jebena.server.api.ApiException;
import dev.jebena.tokenizer.EncodeOptions;
import dev.jebena.tokenizer.Tokenizer;
import dev.jebena.tokenizer.template.ChatTemplate;
import dev.jebena.tokenizer.template.Conversation;
import dev.jebena.tokenizer.template.TemplateException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Turns a conversation into a prompt with the model's chat template, or the client's. */
final class ChatPrompt {

  private ChatPrompt() {}

  static int[] encode(ServedModel model, ChatFields chat) {
    EncodeOptions options = chat.common().addSpecials().orElse(false) ? EncodeOptions.PROMPT : EncodeOptions.TEMPLATE;
    return model.encode("messages", render(model, chat), options);
  }

  /**
   * The conversation as text.
   *
   * @throws ApiException with status 400 if the model has no template, the client may not send one, or it refuses the messages
   */
  static String render(ServedModel model, ChatFields chat) {
    ChatTemplate template = chat.chatTemplate().map(model::requestedTemplate).or(model::chatTemplate).orElseThrow(
        () -> ApiException.invalid("messages", "the model has no chat template: use /v1/completions, or give the server a template"));
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    Tokenizer tokenizer = model.tokenizer("messages");
    variables.put("bos_token", spelling(tokenizer, tokenizer.specialTokens().beginning()));
    variables.put("eos_token", spelling(tokenizer, tokenizer.specialTokens().end()));
    variables.putAll(chat.templateVariables());
    try {
      return new Conversation(chat.messages(), chat.turn(), variables).render(template, model.clock());
    } catch (TemplateException e) {
      String field = chat.turn() == Conversation.Turn.LAST_MESSAGE ? "continue_final_message" : "messages";
      throw ApiException.invalid(field, "the model's chat template refuses the messages: " + e.getMessage());
    }
  }

  private static String spelling(Tokenizer tokenizer, OptionalInt id) {
    return id.isPresent() ? tokenizer.tokenText(id.getAsInt()).orElse("") : "";
  }
}
