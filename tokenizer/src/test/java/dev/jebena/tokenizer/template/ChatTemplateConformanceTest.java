package dev.jebena.tokenizer.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

@SuppressWarnings("unchecked")
class ChatTemplateConformanceTest {

  private static final Clock CLOCK = Clock.fixed(Instant.parse("2025-07-10T12:00:00Z"), ZoneOffset.UTC);

  private static Path folder() {
    String root = System.getProperty("jebena.data", System.getenv().getOrDefault("JEBENA_DATA", "../../shared/data"));
    Path path = Path.of(root, "chat-templates");
    Assumptions.assumeTrue(Files.exists(path), () -> "skipped: no conformance data at " + path + "; set jebena.data");
    return path;
  }

  private static String outcome(String template, Object context) {
    try {
      return ChatTemplates.compile(template).render((Map<String, Object>) context, CLOCK);
    } catch (TemplateRaisedException e) {
      return "RAISED " + e.raised();
    } catch (TemplateException e) {
      return "ERROR " + e.getMessage();
    }
  }

  private static void assertAllEqual(String what, int compared, List<String> differences) {
    System.out.println(what + ": " + compared + " compared, " + differences.size() + " different");
    assertTrue(differences.isEmpty(), () -> differences.size() + " differ:\n" + String.join("\n", differences));
  }

  private static String difference(String name, String expected, String actual) {
    int at = 0;
    while (at < Math.min(expected.length(), actual.length()) && expected.charAt(at) == actual.charAt(at)) {
      at++;
    }
    int from = Math.max(0, at - 40);
    return name + " at " + at + ": expected ..." + expected.substring(from, Math.min(expected.length(), at + 60)).replace("\n", "\\n")
        + "| but was ..." + actual.substring(from, Math.min(actual.length(), at + 160)).replace("\n", "\\n");
  }

  @Test
  void rendersRealTemplatesAsPythonDoes() throws IOException {
    Path folder = folder();
    List<String> differences = new ArrayList<>();
    int compared = 0;
    for (Object each : (List<Object>) Json.read(folder.resolve("renders.json"))) {
      Map<String, Object> render = (Map<String, Object>) each;
      String template = Files.readString(folder.resolve((String) render.get("template")));
      String actual = outcome(template, render.get("context"));
      if (!actual.equals(render.get("expected"))) {
        differences.add(difference(render.get("template") + "/" + render.get("case"), (String) render.get("expected"), actual));
      }
      compared++;
    }
    assertAllEqual("renders.json", compared, differences);
  }

  @Test
  void raisesWhereTheTemplateMust() throws IOException {
    Path folder = folder();
    int compared = 0;
    for (Object each : (List<Object>) Json.read(folder.resolve("raises.json"))) {
      Map<String, Object> raise = (Map<String, Object>) each;
      String template = Files.readString(folder.resolve((String) raise.get("template")));
      TemplateException thrown = assertThrows(
          TemplateException.class, () -> ChatTemplates.compile(template).render((Map<String, Object>) raise.get("context"), CLOCK));
      String error = (String) raise.get("error");
      if (error.startsWith("TemplateError: ")) {
        assertEquals(error.substring("TemplateError: ".length()), ((TemplateRaisedException) thrown).raised());
      }
      compared++;
    }
    System.out.println("raises.json: " + compared + " compared");
  }

  @Test
  void rendersTheHubsTemplates() throws IOException {
    List<String> differences = new ArrayList<>();
    int compared = 0;
    for (Object each : (List<Object>) Json.read(folder().resolve("hub-templates.json"))) {
      Map<String, Object> hub = (Map<String, Object>) each;
      String actual = outcome((String) hub.get("template"), hub.get("data"));
      if (!actual.equals(hub.get("target"))) {
        differences.add(difference((String) hub.get("name"), (String) hub.get("target"), actual));
      }
      compared++;
    }
    assertAllEqual("hub-templates.json", compared, differences);
  }

  @Test
  void hasPythonsFeatures() throws IOException {
    List<String> differences = new ArrayList<>();
    int compared = 0;
    for (Object each : (List<Object>) Json.read(folder().resolve("features.json"))) {
      Map<String, Object> feature = (Map<String, Object>) each;
      String actual = outcome((String) feature.get("template"), feature.get("context"));
      String expected = (String) feature.get("expected");
      if (expected == null ? !actual.startsWith("ERROR") && !actual.startsWith("RAISED") : !actual.equals(expected)) {
        differences.add(difference((String) feature.get("name"), expected == null ? "an error: " + feature.get("python_error") : expected, actual));
      }
      compared++;
    }
    assertAllEqual("features.json", compared, differences);
  }
}
