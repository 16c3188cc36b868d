package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds out what form of content a template takes, by giving it both. */
final class ContentProbe {

  private static final String MARK = "jebena-probe-7c1";
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  private ContentProbe() {}

  /** Text where neither works: then the template has a word to say about the messages, not about their form. */
  static ContentForm formOf(ChatTemplate template) {
    boolean text = shows(template, MARK, "\0");
    boolean parts = shows(template, List.of(Map.of("type", "text", "text", MARK)), "text");
    return text && parts ? ContentForm.EITHER : parts ? ContentForm.PARTS : ContentForm.TEXT;
  }

  /** Whether the text comes through, and not with {@code syntax} in quotes before it, as the text of a list would have it. */
  private static boolean shows(ChatTemplate template, Object content, String syntax) {
    Map<String, @Nullable Object> variables = new HashMap<>();
    variables.put("messages", List.of(Map.of("role", "user", "content", content)));
    variables.put("tools", null);
    variables.put("documents", null);
    variables.put("bos_token", "");
    variables.put("eos_token", "");
    variables.put("add_generation_prompt", false);
    try {
      String rendered = template.render(variables, CLOCK);
      int at = rendered.indexOf(MARK);
      String before = rendered.substring(Math.max(0, at - syntax.length() - 6), Math.max(0, at));
      return at >= 0 && !before.contains("'" + syntax + "'") && !before.contains("\"" + syntax + "\"");
    } catch (TemplateException e) {
      return false;
    }
  }
}
