package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.jebena.server.api.ApiException;
import dev.jebena.server.api.Fields;
import dev.jebena.tokenizer.template.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A chat request.
 *
 * @param messages each with role, content and perhaps name, as templates expect them
 * @param logprobs alternatives for each token; empty: no log-probabilities
 * @param turn who speaks next
 * @param chatTemplate a template of the client's own
 * @param templateVariables further variables for the template
 */
record ChatFields(
    List<Map<String, @Nullable Object>> messages,
    OptionalInt logprobs,
    Conversation.Turn turn,
    Optional<String> chatTemplate,
    Map<String, @Nullable Object> templateVariables,
    CommonFields common) {

  private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant");

  static ChatFields parse(ObjectNode body) {
    Fields fields = new Fields(body);
    fields.refuseAll(Set.of("echo"));
    OptionalInt maxTokens = fields.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    OptionalInt oldMaxTokens = fields.integer("max_tokens", 1, Integer.MAX_VALUE);
    return new ChatFields(
        messages(fields), logprobs(fields), turn(fields), fields.string("chat_template").filter(text -> !text.isEmpty()),
        templateVariables(fields),
        CommonFields.parse(fields, maxTokens.isPresent() ? maxTokens : oldMaxTokens));
  }

  /** What the engine has to give. */
  Scores scores() {
    return new Scores(logprobs, common.promptLogprobs());
  }

  private static OptionalInt logprobs(Fields fields) {
    OptionalInt top = fields.integer("top_logprobs", 0, CommonFields.MAX_LOGPROBS);
    if (fields.flag("logprobs")) {
      return OptionalInt.of(top.orElse(0));
    }
    if (top.orElse(0) > 0) {
      throw ApiException.invalid("top_logprobs", "top_logprobs is " + top.getAsInt() + " without logprobs: set logprobs to true");
    }
    return OptionalInt.empty();
  }

  private static Conversation.Turn turn(Fields fields) {
    boolean continued = fields.flag("continue_final_message");
    boolean generation = fields.flag("add_generation_prompt", !continued);
    if (continued && generation) {
      throw ApiException.invalid(
          "continue_final_message", "continue_final_message and add_generation_prompt exclude each other: set one of them to false");
    }
    return continued ? Conversation.Turn.LAST_MESSAGE : generation ? Conversation.Turn.ASSISTANT : Conversation.Turn.NOBODY;
  }

  private static Map<String, @Nullable Object> templateVariables(Fields fields) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    fields.fields("chat_template_kwargs").ifPresent(
        given -> given.object().properties().forEach(entry -> variables.put(entry.getKey(), plainValue(entry.getValue()))));
    if (variables.containsKey("chat_template")) {
      throw ApiException.invalid(
          "chat_template_kwargs", "chat_template_kwargs has a chat_template: send it as chat_template, if the server trusts its clients with that");
    }
    objects(fields, "documents").ifPresent(documents -> variables.put("documents", documents));
    Optional<List<@Nullable Object>> tools = objects(fields, "tools");
    if (tools.isPresent()) {
      if (fields.node("tool_choice").filter(node -> node.isTextual() && node.textValue().equals("none")).isEmpty()) {
        throw ApiException.unsupported(
            "tools", "tools are shown to the model only where tool_choice is 'none': this server does not read calls out of answers");
      }
      variables.put("tools", tools.get());
    }
    return variables;
  }

  /** An array of objects that is not empty. */
  private static Optional<List<@Nullable Object>> objects(Fields fields, String name) {
    Optional<JsonNode> node = fields.node(name).filter(each -> !each.isContainerNode() || !each.isEmpty());
    if (node.isEmpty()) {
      return Optional.empty();
    }
    if (!(node.get() instanceof ArrayNode array)) {
      throw Fields.wrongType(fields.path(name), node.get(), "an array of objects");
    }
    List<@Nullable Object> objects = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      objects.add(plainValue(Fields.within(array.get(i), fields.path(name) + "[" + i + "]").object()));
    }
    return Optional.of(objects);
  }

  /** Fields as fieldless Java: what templates take. */
  static @Nullable Object plainValue(JsonNode node) {
    return switch (node.getNodeType()) {
      case STRING -> node.textValue();
      case BOOLEAN -> node.booleanValue();
      case NUMBER -> node.isIntegralNumber() && node.canConvertToLong() ? (Object) node.longValue() : (Object) node.doubleValue();
      case ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        node.forEach(element -> list.add(plainValue(element)));
        yield list;
      }
      case OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        node.properties().forEach(entry -> map.put(entry.getKey(), plainValue(entry.getValue())));
        yield map;
      }
      case NULL, MISSING, BINARY, POJO -> null;
    };
  }

  private static List<Map<String, @Nullable Object>> messages(Fields fields) {
    JsonNode node = fields.node("messages").orElseThrow(() -> Fields.missing("messages"));
    if (!(node instanceof ArrayNode array)) {
      throw Fields.wrongType("messages", node, "an array of messages");
    }
    if (array.isEmpty()) {
      throw ApiException.invalid("messages", "messages is empty: send at least one");
    }
    List<Map<String, @Nullable Object>> messages = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      messages.add(message(Fields.within(array.get(i), "messages[" + i + "]")));
    }
    return messages;
  }

  private static Map<String, @Nullable Object> message(Fields fields) {
    String role = fields.requiredString("role");
    if (role.equals("tool") || role.equals("function")) {
      throw ApiException.unsupported(fields.path("role"), fields.path("role") + " is '" + role + "': tools are not supported by this server");
    }
    if (!ROLES.contains(role)) {
      throw ApiException.invalid(
          fields.path("role"), fields.path("role") + " is '" + role + "': use system, developer, user or assistant");
    }
    fields.refuseAll(Set.of("tool_calls", "function_call", "audio"));
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    // OpenAI's newer name for the same thing; templates know the older one
    message.put("role", role.equals("developer") ? "system" : role);
    message.put("content", content(fields, role));
    fields.string("name").ifPresent(name -> message.put("name", name));
    return message;
  }

  /** A string, or a list of text parts. */
  private static Object content(Fields fields, String role) {
    Optional<JsonNode> content = fields.node("content");
    if (content.isEmpty()) {
      if (role.equals("assistant")) {
        return "";
      }
      throw Fields.missing(fields.path("content"));
    }
    if (content.get().isTextual()) {
      return content.get().textValue();
    }
    if (!(content.get() instanceof ArrayNode parts)) {
      throw Fields.wrongType(fields.path("content"), content.get(), "a string or an array of text parts");
    }
    List<Map<String, String>> texts = new ArrayList<>(parts.size());
    for (int i = 0; i < parts.size(); i++) {
      Fields part = Fields.within(parts.get(i), fields.path("content") + "[" + i + "]");
      String type = part.requiredString("type");
      switch (type) {
        case "text" -> texts.add(textPart(part.requiredString("text")));
        case "refusal" -> texts.add(textPart(part.requiredString("refusal")));
        default -> throw ApiException.unsupported(
            part.path("type"), part.path("type") + " is '" + type + "': this model reads text parts only");
      }
    }
    return texts;
  }

  private static Map<String, String> textPart(String text) {
    Map<String, String> part = new LinkedHashMap<>();
    part.put("type", "text");
    part.put("text", text);
    return part;
  }
}
