package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a chat template turns into a prompt.
 *
 * @param messages each with {@code role}, {@code content} (a string or a list of parts) and what else the template knows, such as {@code
 *     tool_calls}
 * @param turn who speaks after them
 * @param variables further variables: {@code tools}, {@code documents}, special tokens such as {@code bos_token}, and the template's own
 */
public record Conversation(List<Map<String, @Nullable Object>> messages, Turn turn, Map<String, @Nullable Object> variables) {

  /** Put behind the last message to find it again; the space at its end shows whether the template trims. */
  private static final String MARK = "JEBENA_CONTINUE_HERE ";

  /** Who speaks after the messages. */
  public enum Turn {
    /** The assistant begins: {@code add_generation_prompt}. */
    ASSISTANT,
    /** The last message goes on: {@code continue_final_message}. */
    LAST_MESSAGE,
    /** The template adds nothing. */
    NOBODY
  }

  /**
   * Renders the conversation. Content comes to the template in the form that it takes; {@code tools} and {@code documents} are none unless
   * given.
   *
   * @throws TemplateException if the template refuses the conversation, or its last message is to go on and is not to be found
   */
  public String render(ChatTemplate template, Clock clock) {
    List<Map<String, @Nullable Object>> shaped = new ArrayList<>();
    ContentForm form = template.contentForm();
    for (Map<String, @Nullable Object> message : messages) {
      shaped.add(shaped(message, form));
    }
    Map<String, @Nullable Object> all = new LinkedHashMap<>();
    all.put("tools", null);
    all.put("documents", null);
    all.putAll(variables);
    all.put("add_generation_prompt", turn == Turn.ASSISTANT);
    if (turn == Turn.LAST_MESSAGE && !shaped.isEmpty()) {
      shaped.set(shaped.size() - 1, marked(shaped.getLast()));
    }
    all.put("messages", shaped);
    String text = template.render(all, clock);
    return turn == Turn.LAST_MESSAGE ? upToMark(text) : text;
  }

  private static Map<String, @Nullable Object> shaped(Map<String, @Nullable Object> message, ContentForm form) {
    Object content = message.get("content");
    Object wanted = content instanceof List<?> parts && form == ContentForm.TEXT ? joined(parts)
        : content instanceof String text && form == ContentForm.PARTS ? List.of(part(text)) : content;
    return with(message, wanted);
  }

  private static Map<String, @Nullable Object> with(Map<String, @Nullable Object> message, @Nullable Object content) {
    Map<String, @Nullable Object> copy = new LinkedHashMap<>(message);
    if (message.containsKey("content")) {
      copy.put("content", content);
    }
    return copy;
  }

  private static Map<String, @Nullable Object> part(String text) {
    Map<String, @Nullable Object> part = new LinkedHashMap<>();
    part.put("type", "text");
    part.put("text", text);
    return part;
  }

  private static String joined(List<?> parts) {
    List<String> texts = new ArrayList<>();
    for (Object part : parts) {
      if (!(part instanceof Map<?, ?> map) || !(map.get("text") instanceof String text)) {
        throw new TemplateException("a message has a part that is no text; the chat template takes text only");
      }
      texts.add(text);
    }
    return String.join("\n", texts);
  }

  private static Map<String, @Nullable Object> marked(Map<String, @Nullable Object> message) {
    Object content = message.get("content");
    if (content instanceof String text) {
      return with(message, text + MARK);
    }
    if (content instanceof List<?> parts) {
      List<@Nullable Object> copies = new ArrayList<>(parts);
      for (int i = copies.size() - 1; i >= 0; i--) {
        if (copies.get(i) instanceof Map<?, ?> map && map.get("text") instanceof String text) {
          Map<@Nullable Object, @Nullable Object> copy = new LinkedHashMap<>(map);
          copy.put("text", text + MARK);
          copies.set(i, copy);
          return with(message, copies);
        }
      }
    }
    throw new TemplateException("the last message cannot be continued: it has no text");
  }

  private static String upToMark(String text) {
    int at = text.lastIndexOf(MARK.strip());
    if (at < 0) {
      throw new TemplateException("the last message cannot be continued: the chat template does not show its text");
    }
    String kept = text.substring(0, at);
    // a template that trims the end of a message would have trimmed the message's own
    return text.startsWith(MARK, at) ? kept : Strings.stripEnd(kept);
  }
}
