package dev.jebena.tokenizer.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConversationTest {

  private static final String TEXT =
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
  private static final String PARTS =
      "{% for m in messages %}<{{ m.role }}>{% for p in m.content %}{% if p.type == 'text' %}{{ p.text }}{% else %}[{{ p.type }}]{% endif %}"
          + "{% endfor %}</>{% endfor %}";
  private static final String EITHER =
      "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}{{ p.text }}|{% endfor %}{% endif %}{% endfor %}";

  private static Map<String, Object> message(String role, Object content) {
    return Map.of("role", role, "content", content);
  }

  private static List<Map<String, String>> parts(String... texts) {
    return List.of(texts).stream().map(text -> Map.of("type", "text", "text", text)).toList();
  }

  private static String render(String template, Conversation.Turn turn, Map<String, Object> last) {
    return new Conversation(List.of(message("user", "Hi"), last), turn, Map.of("x", 1)).render(ChatTemplates.compile(template), Clock.systemUTC());
  }

  @Test
  void findsTheFormOfContentThatATemplateTakes() {
    assertEquals(ContentForm.TEXT, ChatTemplates.compile(TEXT).contentForm());
    assertEquals(ContentForm.TEXT, ChatTemplates.compile("{% for m in messages %}{{ m.content.strip() }}{% endfor %}").contentForm());
    assertEquals(ContentForm.TEXT, ChatTemplates.compile("{% for m in messages %}{{ m.content|tojson }}{% endfor %}").contentForm());
    assertEquals(ContentForm.PARTS, ChatTemplates.compile(PARTS).contentForm());
    assertEquals(ContentForm.EITHER, ChatTemplates.compile(EITHER).contentForm());
    assertEquals(ContentForm.TEXT, ChatTemplates.compile("{{ raise_exception('no') }}").contentForm());
  }

  @Test
  void givesContentInTheFormThatTheTemplateTakes() {
    assertEquals("<user>Hi</><user>a\nb</>", render(TEXT, Conversation.Turn.NOBODY, message("user", parts("a", "b"))));
    assertEquals("<user>Hi</><user>ab</>", render(PARTS, Conversation.Turn.NOBODY, message("user", parts("a", "b"))));
    assertEquals("<user>Hi</><user>a</>", render(PARTS, Conversation.Turn.NOBODY, message("user", "a")));
    assertEquals("Hia|b|", render(EITHER, Conversation.Turn.NOBODY, message("user", parts("a", "b"))));
    assertEquals(
        "<user>Hi</><user>[image]</>", render(PARTS, Conversation.Turn.NOBODY, message("user", List.of(Map.of("type", "image")))));
    assertThrows(
        TemplateException.class, () -> render(TEXT, Conversation.Turn.NOBODY, message("user", List.of(Map.of("type", "image")))));
  }

  @Test
  void letsTheAssistantBegin() {
    assertEquals("<user>Hi</><user>a</><assistant>", render(TEXT, Conversation.Turn.ASSISTANT, message("user", "a")));
    assertEquals(
        "True False 1", render("{{ tools is none }} {{ documents is undefined }} {{ x }}", Conversation.Turn.ASSISTANT, message("user", "a")));
  }

  @Test
  void letsTheLastMessageGoOn() {
    assertEquals("<user>Hi</><assistant>So ", render(TEXT, Conversation.Turn.LAST_MESSAGE, message("assistant", "So ")));
    String trimming = TEXT.replace("m.content }}", "m.content|trim }}");
    assertEquals("<user>Hi</><assistant>So", render(trimming, Conversation.Turn.LAST_MESSAGE, message("assistant", "So \n")));
    assertEquals("<user>Hi</><assistant>ab", render(PARTS, Conversation.Turn.LAST_MESSAGE, message("assistant", parts("a", "b"))));
    assertThrows(
        TemplateException.class, () -> render("nothing", Conversation.Turn.LAST_MESSAGE, message("assistant", "So")));
    assertThrows(
        TemplateException.class, () -> render(TEXT, Conversation.Turn.LAST_MESSAGE, Map.of("role", "assistant")));
  }
}
