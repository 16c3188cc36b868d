package dev.jebena.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant}, {@code tool}, or what else the model's chat template knows
 * @param parts the content; a single text is what most messages are
 * @param toolCalls what the assistant calls
 * @param toolCallId the call that a {@code tool} message answers
 * @param name of the speaker, or of the tool that answers
 * @param reasoning what the assistant thought before it spoke
 */
public record ChatMessage(
    String role, List<Part> parts, List<ToolCall> toolCalls, Optional<String> toolCallId, Optional<String> name, Optional<String> reasoning) {

  /** A piece of content. */
  public sealed interface Part {

    /** Text. */
    record Text(String text) implements Part {}

    /**
     * Anything else that a template knows.
     *
     * @param type such as {@code image}
     * @param fields what stands beside the type
     */
    record Other(String type, Map<String, String> fields) implements Part {
      public Other {
        fields = Map.copyOf(fields);
      }
    }
  }

  /**
   * A call of a tool.
   *
   * @param arguments by name: String, Boolean, Long, Double, List, Map, null
   */
  public record ToolCall(String id, String name, Map<String, @Nullable Object> arguments) {
    public ToolCall {
      arguments = new LinkedHashMap<>(arguments);
    }
  }

  public ChatMessage {
    parts = List.copyOf(parts);
    toolCalls = List.copyOf(toolCalls);
  }

  /** A message of one text. */
  public ChatMessage(String role, String content) {
    this(role, List.of(new Part.Text(content)), List.of(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  public static ChatMessage system(String content) {
    return new ChatMessage("system", content);
  }

  public static ChatMessage user(String content) {
    return new ChatMessage("user", content);
  }

  public static ChatMessage assistant(String content) {
    return new ChatMessage("assistant", content);
  }

  /** The answer of a tool. */
  public static ChatMessage tool(String toolCallId, String content) {
    return new ChatMessage(
        "tool", List.of(new Part.Text(content)), List.of(), Optional.of(toolCallId), Optional.empty(), Optional.empty());
  }

  /** The same with calls of tools. */
  public ChatMessage withToolCalls(List<ToolCall> calls) {
    return new ChatMessage(role, parts, calls, toolCallId, name, reasoning);
  }

  /** The same with what was thought before. */
  public ChatMessage withReasoning(String thought) {
    return new ChatMessage(role, parts, toolCalls, toolCallId, name, Optional.of(thought));
  }

  /** The message as chat templates take it. */
  public Map<String, @Nullable Object> variables() {
    Map<String, @Nullable Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content());
    name.ifPresent(each -> message.put("name", each));
    reasoning.ifPresent(each -> message.put("reasoning_content", each));
    toolCallId.ifPresent(each -> message.put("tool_call_id", each));
    if (!toolCalls.isEmpty()) {
      List<Map<String, @Nullable Object>> calls = new ArrayList<>();
      toolCalls.forEach(call -> calls.add(variables(call)));
      message.put("tool_calls", calls);
    }
    return message;
  }

  /** A string if it is one text, else a list of parts. */
  private Object content() {
    if (parts.isEmpty()) {
      return "";
    }
    if (parts.size() == 1 && parts.getFirst() instanceof Part.Text(String text)) {
      return text;
    }
    List<Map<String, Object>> all = new ArrayList<>();
    for (Part part : parts) {
      Map<String, Object> fields = new LinkedHashMap<>();
      switch (part) {
        case Part.Text(String text) -> {
          fields.put("type", "text");
          fields.put("text", text);
        }
        case Part.Other(String type, Map<String, String> more) -> {
          fields.put("type", type);
          fields.putAll(more);
        }
      }
      all.add(fields);
    }
    return all;
  }

  private static Map<String, @Nullable Object> variables(ToolCall call) {
    Map<String, @Nullable Object> function = new LinkedHashMap<>();
    function.put("name", call.name);
    function.put("arguments", call.arguments);
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    variables.put("id", call.id);
    variables.put("type", "function");
    variables.put("function", function);
    return variables;
  }
}
