package dev.jebena.tokenizer.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NamedTemplatesTest {

  @TempDir Path folder;

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private String rendered(Map<String, ?> variables) {
    return HuggingFaceTemplates.read(folder).templates().orElseThrow().render(variables, Clock.systemUTC());
  }

  @Test
  void choosesTheTemplateForToolsWhereToolsAreGiven() {
    NamedTemplates templates = new NamedTemplates(Map.of("default", "D{{ x }}", "tool_use", "T{{ x }}", "broken", "{{"));
    assertEquals("D1", templates.render(Map.of("x", 1), Clock.systemUTC()));
    assertEquals("T1", templates.render(Map.of("x", 1, "tools", List.of()), Clock.systemUTC()));
    assertThrows(TemplateException.class, () -> templates.named("broken"));
    assertTrue(templates.named("none").isEmpty());
    TemplateException none = assertThrows(
        TemplateException.class, () -> new NamedTemplates(Map.of("rag", "R")).render(Map.of(), Clock.systemUTC()));
    assertTrue(String.valueOf(none.getMessage()).contains("rag"));
  }

  @Test
  void readsATemplateOutOfTheTokenizersConfiguration() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"C{{ bos_token }}\", \"bos_token\": {\"content\": \"<s>\"}, \"add_bos_token\": true}");
    write("special_tokens_map.json", "{\"bos_token\": \"<x>\", \"eos_token\": \"</s>\"}");
    assertEquals("C", rendered(Map.of()));
    assertEquals(Map.of("bos_token", "<s>", "eos_token", "</s>"), HuggingFaceTemplates.read(folder).specialTokens());
  }

  @Test
  void readsNamedTemplatesOutOfTheTokenizersConfiguration() throws IOException {
    write(
        "tokenizer_config.json",
        "{\"chat_template\": [{\"name\": \"default\", \"template\": \"D\"}, {\"name\": \"tool_use\", \"template\": \"T\"}]}");
    assertEquals("D", rendered(Map.of()));
    assertEquals("T", rendered(Map.of("tools", List.of(1))));
    write("tokenizer_config.json", "{\"chat_template\": [{\"name\": \"default\"}]}");
    assertThrows(TemplateException.class, () -> rendered(Map.of()));
  }

  @Test
  void prefersTheTemplatesFiles() throws IOException {
    write("tokenizer_config.json", "{\"chat_template\": \"C\"}");
    write("chat_template.json", "{\"chat_template\": \"J\"}");
    assertEquals("C", rendered(Map.of()));
    write("chat_template.jinja", "F");
    write("additional_chat_templates/tool_use.jinja", "T");
    write("additional_chat_templates/rag.jinja", "R");
    assertEquals("F", rendered(Map.of()));
    assertEquals("T", rendered(Map.of("tools", List.of(1))));
    assertEquals(Set.of("default", "rag", "tool_use"), HuggingFaceTemplates.read(folder).templates().orElseThrow().names());
  }

  @Test
  void readsAProcessorsTemplateLast() throws IOException {
    assertTrue(HuggingFaceTemplates.read(folder).templates().isEmpty());
    write("chat_template.json", "{\"chat_template\": \"J\"}");
    assertEquals("J", rendered(Map.of()));
    write("chat_template.json", "[");
    assertThrows(TemplateException.class, () -> HuggingFaceTemplates.read(folder));
  }
}
