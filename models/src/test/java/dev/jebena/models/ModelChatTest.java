package dev.jebena.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.models.gguf.GgufValue;
import dev.jebena.models.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelChatTest {

  @TempDir Path folder;

  private static String rendered(ModelChat chat, Map<String, ?> variables) {
    return chat.template().orElseThrow().render(variables, Clock.systemUTC());
  }

  @Test
  void readsAFileThatHasNoWeights() {
    Path file = folder.resolve("vocabulary.gguf");
    new GgufWriter()
        .metadata("general.architecture", new GgufValue.Text("llama"))
        .metadata("tokenizer.chat_template", new GgufValue.Text("D{{ x }}"))
        .metadata("tokenizer.chat_template.tool_use", new GgufValue.Text("T{{ x }}"))
        .write(file);
    ModelChat chat = ModelChat.open(file);
    assertEquals("D1", rendered(chat, Map.of("x", 1)));
    assertEquals("T1", rendered(chat, Map.of("x", 1, "tools", List.of(2))));
    assertTrue(chat.specialTokens().isEmpty());
  }

  @Test
  void refusesATemplateThatIsNone() {
    Path file = folder.resolve("broken.gguf");
    new GgufWriter()
        .metadata("general.architecture", new GgufValue.Text("llama"))
        .metadata("tokenizer.chat_template", new GgufValue.Text("{% if %}"))
        .write(file);
    assertTrue(assertThrows(ModelException.class, () -> ModelChat.open(file)).getMessage().contains("line 1, column 7"));
  }

  @Test
  void readsAFolder() throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": \"C{{ bos_token }}\", \"bos_token\": \"<s>\"}");
    ModelChat chat = ModelChat.open(folder);
    assertEquals("C<s>", rendered(chat, chat.specialTokens()));
    Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
    assertTrue(ModelChat.open(folder).template().isEmpty());
    assertThrows(ModelException.class, () -> ModelChat.open(folder.resolve("none")));
    assertTrue(
        assertThrows(ModelException.class, () -> ModelChat.open(folder.resolve("tokenizer_config.json"))).getMessage().contains("give the folder"));
  }
}
