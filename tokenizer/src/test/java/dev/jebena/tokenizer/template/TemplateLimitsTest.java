package dev.jebena.tokenizer.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateLimitsTest {

  private static final TemplateLimits SMALL = new TemplateLimits(100_000, 10_000, 100_000, 50, Duration.ofSeconds(20));

  private static String refusal(String template, TemplateLimits limits) {
    TemplateException thrown = assertThrows(
        TemplateException.class, () -> ChatTemplates.compile(template, limits).render(Map.of("l", List.of(1L, 2L)), Clock.systemUTC()), template);
    return String.valueOf(thrown.getMessage());
  }

  private static void assertRefused(String template, String why) {
    String message = refusal(template, SMALL);
    assertTrue(message.contains(why), () -> template + " gave: " + message);
    assertTrue(message.contains("line "), message);
  }

  @Test
  void endsWhatTakesTooManySteps() {
    assertRefused("{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}", "steps");
    assertRefused("{% for i in range(1000) %}{% set x = range(1000)|sum %}{% endfor %}", "steps");
    assertRefused("{% for i in range(1000) %}{% set x = range(1000)|map('string')|join|length %}{% endfor %}", "more than 100000");
    assertRefused("{% for i in range(1000) if range(1000)|select('odd')|list %}{% endfor %}", "steps");
  }

  @Test
  void endsWhatBuildsTooMuch() {
    for (String expression : List.of(
        "'x' * 10**9", "[0] * 10**9", "'%20000d' % 1", "'%.20000f' % 1", "'%*d' % (20000, 1)", "'{:20000}'.format(1)",
        "'{:.20000f}'.format(1)", "'{:{}}'.format(1, 20000)", "'x'.center(10**9)", "'x'.ljust(10**10)", "'x'.zfill(10**9)",
        "'x'|center(10**9)", "'x'|indent(10**9)", "'x\\ty'.expandtabs(10**6)", "('x' * 9000)|replace('x', 'y' * 9000)",
        "('x' * 9000).replace('', 'y' * 9000)", "(',' * 9000).join(range(9000)|map('string'))", "[1]|batch(10**9, 0)|list",
        "[1]|slice(10**9)|list", "range(9000)|map('string')|join(',' * 9000)", "('x' * 9000) ~ ('x' * 9000)")) {
      assertRefused("{{ " + expression + " }}", "more than");
    }
    assertRefused("{% for i in range(200) %}{{ 'x' * 100 }}{% endfor %}", "more than 10000 characters");
    assertRefused("{% set ns = namespace(x='x') %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "more than");
    assertRefused("{% set ns = namespace(x=[1]) %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}", "more than");
    assertRefused("{% for i in range(500) %}{% set x = 'x' * 9000 %}{% endfor %}", "in all");
    assertRefused("{% set x %}{% for i in range(200) %}{{ 'x' * 100 }}{% endfor %}{% endset %}", "more than");
  }

  @Test
  void endsWhatIsOutOfRange() {
    assertRefused("{{ range(10**12) }}", "Range too big");
    assertRefused("{{ 2 ** (10**9) }}", "bits");
    assertRefused("{% set ns = namespace(x=3) %}{% for i in range(64) %}{% set ns.x = ns.x * ns.x %}{% endfor %}", "bits");
    assertRefused("{{ 10 ** 5000 }}", "4300 digits");
    assertRefused("{{ [1]|tojson(indent=10**9) }}", "indent");
    assertRefused("{{ " + "9".repeat(5000) + " }}", "digits");
  }

  @Test
  void endsWhatCallsItselfTooDeeply() {
    assertRefused("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "deeper than 50");
    assertRefused("{% macro m() %}{% call m() %}{% endcall %}{{ caller }}{% endmacro %}{% call m() %}{% endcall %}", "deeper than 50");
    assertRefused("{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", "deeper than 50");
    assertRefused("{% set ns = namespace(x=[]) %}{% for i in range(300) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}", "nested deeper");
    assertRefused("{% set ns = namespace(x=[]) %}{% for i in range(300) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|tojson }}", "nested deeper");
  }

  private static String within(String open, String inner, String close) {
    return "{{ " + open.repeat(100_000) + inner + close.repeat(100_000) + " }}";
  }

  @Test
  void endsWhatIsNestedTooDeeply() {
    for (String source : List.of(
        within("(", "1", ")"), within("[", "1", "]"), within("{1:", "1", "}"), within("not ", "x", ""), within("-", "1", ""),
        within("x[", "1", "]"), within("x(", "1", ")"), within("1 if 1 else ", "1", ""), "{% if x %}".repeat(100_000),
        "{% for x in y %}".repeat(100_000))) {
      String message = refusal(source, TemplateLimits.DEFAULTS);
      assertTrue(message.contains("deeper than 200"), () -> source.substring(0, 30) + " gave: " + message);
    }
    for (String source : List.of("{{ 1" + " + 1".repeat(100_000) + " }}", "{{ x" + "|upper".repeat(100_000) + " }}", "{{ x" + ".x".repeat(100_000) + " }}")) {
      String message = refusal(source, TemplateLimits.DEFAULTS);
      assertTrue(message.contains("deep"), () -> source.substring(0, 30) + " gave: " + message);
    }
  }

  @Test
  void endsWhatTakesTooLong() {
    TemplateLimits short1 = new TemplateLimits(Long.MAX_VALUE - 1, 1 << 20, Long.MAX_VALUE, 50, Duration.ofMillis(20));
    String forever = "{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}{% endfor %}{% endfor %}{% endfor %}";
    assertTrue(refusal(forever, short1).contains("longer than"));
  }

  @Test
  void refusesValuesThatHaveNoPlaceInATemplate() {
    ChatTemplate template = ChatTemplates.compile("{{ x }}");
    assertThrows(TemplateException.class, () -> template.render(Map.of("x", new Object()), Clock.systemUTC()));
    List<Object> deep = new ArrayList<>();
    deep.add(deep);
    assertThrows(TemplateException.class, () -> template.render(Map.of("x", deep), Clock.systemUTC()));
    assertEquals("1", template.render(Map.of("x", 1), Clock.systemUTC()));
  }

  @Test
  void refusesLimitsThatLeaveNothing() {
    assertThrows(IllegalArgumentException.class, () -> new TemplateLimits(0, 1, 1, 1, Duration.ofSeconds(1)));
    assertThrows(IllegalArgumentException.class, () -> new TemplateLimits(1, 1, 1, 1, Duration.ZERO));
  }
}
