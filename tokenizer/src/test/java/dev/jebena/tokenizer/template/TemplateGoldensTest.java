package dev.jebena.tokenizer.template;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Compares pieces of templates with what Python's jinja2 makes of them; {@code src/test/python} has the script that asked it. */
@SuppressWarnings("unchecked")
class TemplateGoldensTest {

  private static final Clock CLOCK = Clock.fixed(Instant.parse("2025-07-10T12:00:00Z"), ZoneOffset.UTC);

  private static String outcome(String template, Map<String, Object> variables) {
    try {
      return ChatTemplates.compile(template).render(variables, CLOCK);
    } catch (TemplateException e) {
      assertTrue(String.valueOf(e.getMessage()).contains("line "), e.getMessage());
      return null;
    }
  }

  @Test
  void rendersAndRaisesAsPythonDoes() throws IOException {
    List<String> differences = new ArrayList<>();
    int compared = 0;
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(
        Objects.requireNonNull(TemplateGoldensTest.class.getResourceAsStream("template-goldens.jsonl")), StandardCharsets.UTF_8))) {
      Map<String, Object> variables = (Map<String, Object>) ((Map<String, Object>) Json.parse(lines.readLine())).get("variables");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Map<String, Object> golden = (Map<String, Object>) Json.parse(line);
        String template = (String) golden.get("t");
        String actual = outcome(template, variables);
        if (!Objects.equals(golden.get("e"), actual)) {
          differences.add(template + "\n  expected " + golden.get("e") + "\n  but was  " + actual);
        }
        compared++;
      }
    }
    System.out.println("template-goldens.jsonl: " + compared + " compared, " + differences.size() + " different");
    assertTrue(differences.isEmpty(), () -> differences.size() + " differ:\n" + String.join("\n", differences));
  }
}
