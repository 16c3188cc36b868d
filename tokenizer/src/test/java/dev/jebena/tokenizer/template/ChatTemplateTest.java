package dev.jebena.tokenizer.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChatTemplateTest {

  private static String message(String template) {
    TemplateException thrown =
        assertThrows(TemplateException.class, () -> ChatTemplates.compile(template).render(Map.of("l", List.of(1L)), Clock.systemUTC()));
    return String.valueOf(thrown.getMessage());
  }

  @Test
  void marksTheModelsOwnTurns() {
    ChatTemplate template = ChatTemplates.compile(
        "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}{% generation %}{{ m.content }}.{% endgeneration %}{% endif %}{% endfor %}");
    ChatTemplate.Rendering rendering = template.rendering(
        Map.of("messages", List.of(Map.of("role", "user"), Map.of("role", "assistant", "content", "Hi"))), Clock.systemUTC());
    assertEquals("[user][assistant]Hi.", rendering.text());
    assertEquals(List.of(new ChatTemplate.Span(17, 20)), rendering.generated());
  }

  @Test
  void saysWhereATemplateFails() {
    assertEquals("'x' is undefined (line 2, column 5, near '.y }}b')", message("a\n{{ x.y }}b"));
    assertTrue(message("\n\n  {{ 1 + 'a' }}").contains("line 3, column 8, near '+ 'a' }}'"), message("\n\n  {{ 1 + 'a' }}"));
    assertTrue(message("{% for i in l %}\r\n{{ i|nope }}{% endfor %}").contains("line 2, column 6, near 'nope }}{% endfor %}'"));
    assertTrue(message("{{ 'a").contains("line 1, column 4"));
    assertTrue(message("a{% if 1 %}b").contains("line 1, column 13"));
  }

  @Test
  void carriesWhatATemplateRaises() {
    TemplateRaisedException thrown = assertThrows(
        TemplateRaisedException.class,
        () -> ChatTemplates.compile("{{ raise_exception('roles must\nalternate') }}").render(Map.of(), Clock.systemUTC()));
    assertEquals("roles must\nalternate", thrown.raised());
  }

  @Test
  void keepsTheCallersValues() {
    Map<String, Object> variables = Map.of("l", List.of(1L, 2L), "m", Map.of("a", 1));
    assertEquals("[2, 1]{'a': 1}", ChatTemplates.compile("{{ l|sort(reverse=true) }}{{ m.copy() }}").render(variables, Clock.systemUTC()));
    assertThrows(TemplateException.class, () -> ChatTemplates.compile("{{ l.append(3) }}").render(variables, Clock.systemUTC()));
  }

  @Test
  void seesNothingOfJava() {
    assertEquals("", ChatTemplates.compile("{{ l.__class__ }}{{ l.getClass }}{{ l.class }}").render(Map.of("l", List.of()), Clock.systemUTC()));
    assertTrue(message("{{ l.__class__.__mro__ }}").contains("is unsafe"));
    assertTrue(message("{{ l.getClass() }}").contains("has no attribute 'getClass'"));
  }
}
