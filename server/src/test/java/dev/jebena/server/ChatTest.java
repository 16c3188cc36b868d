package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChatTest {

  private static final String PATH = "/v1/chat/completions";
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String body(String more) {
    return "{\"model\":\"tiny-random\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"ignore_eos\":true,"
        + "\"temperature\":0,\"max_tokens\":12" + more + "}";
  }

  @Test
  void answersInOpenAisShape() {
    JsonNode answer = server.postJson(PATH, body(""));
    assertEquals("chat.completion", answer.path("object").asText(), answer.toString());
    assertTrue(answer.path("id").asText().startsWith("chatcmpl-"));
    assertEquals("tiny-random", answer.path("model").asText());
    assertTrue(answer.path("created").isIntegralNumber());
    JsonNode choice = answer.path("choices").path(0);
    assertEquals(0, choice.path("index").asInt());
    assertEquals("assistant", choice.path("message").path("role").asText());
    assertTrue(choice.path("message").path("content").isTextual());
    assertTrue(choice.get("message").get("refusal").isNull());
    assertTrue(choice.get("logprobs").isNull());
    assertEquals("length", choice.path("finish_reason").asText());
    JsonNode usage = answer.path("usage");
    assertEquals("user: Hi\nassistant: ".length(), usage.path("prompt_tokens").asInt());
    assertEquals(12, usage.path("completion_tokens").asInt());
    assertEquals(usage.path("prompt_tokens").asInt() + 12, usage.path("total_tokens").asInt());
    assertTrue(usage.path("prompt_tokens_details").path("cached_tokens").isIntegralNumber());
    assertFalse(answer.has("prompt_token_ids"));
  }

  @Test
  void theStreamSaysTheSameAsTheWholeAnswer() {
    JsonNode whole = server.postJson(PATH, body(""));
    List<JsonNode> events = server.postStream(PATH, body(",\"stream\":true"));
    JsonNode first = events.getFirst().path("choices").path(0);
    assertEquals("assistant", first.path("delta").path("role").asText());
    assertEquals(
        whole.path("choices").path(0).path("message").path("content").asText(),
        events.stream().map(event -> event.path("choices").path(0).path("delta").path("content").asText("")).collect(Collectors.joining()));
    assertEquals("length", events.getLast().path("choices").path(0).path("finish_reason").asText());
    for (JsonNode event : events) {
      assertEquals("chat.completion.chunk", event.path("object").asText());
      assertEquals(events.getFirst().path("id"), event.path("id"));
      assertFalse(event.has("usage"), event.toString());
    }
  }

  @Test
  void usageComesLastInTheStreamWhenAskedFor() {
    List<JsonNode> events = server.postStream(PATH, body(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    JsonNode last = events.getLast();
    assertTrue(last.path("choices").isArray() && last.path("choices").isEmpty());
    assertEquals(12, last.path("usage").path("completion_tokens").asInt());
    assertTrue(events.getFirst().get("usage").isNull());
    List<JsonNode> continuous = server.postStream(
        PATH, body(",\"stream\":true,\"stream_options\":{\"include_usage\":true,\"continuous_usage_stats\":true}"));
    assertEquals(12, continuous.get(continuous.size() - 2).path("usage").path("completion_tokens").asInt());
  }

  @Test
  void everyChoiceIsThere() {
    JsonNode answer = server.postJson(PATH, body(",\"n\":3,\"seed\":5").replace("\"temperature\":0", "\"temperature\":1.5"));
    List<String> texts = StreamSupport.stream(answer.path("choices").spliterator(), false)
        .map(choice -> choice.path("message").path("content").asText())
        .toList();
    assertEquals(3, texts.size(), answer.toString());
    assertEquals(36, answer.path("usage").path("completion_tokens").asInt());
    List<JsonNode> events = server.postStream(
        PATH, body(",\"n\":3,\"seed\":5,\"stream\":true").replace("\"temperature\":0", "\"temperature\":1.5"));
    for (int i = 0; i < 3; i++) {
      int index = i;
      assertEquals(
          texts.get(i),
          events.stream()
              .map(event -> event.path("choices").path(0))
              .filter(choice -> choice.path("index").asInt() == index)
              .map(choice -> choice.path("delta").path("content").asText(""))
              .collect(Collectors.joining()));
    }
    assertNotEquals(texts.get(0), texts.get(1), "each choice has a seed of its own");
  }

  @Test
  void tokenIdsComeWhenAskedFor() {
    JsonNode answer = server.postJson(PATH, body(",\"return_token_ids\":true"));
    assertEquals(12, answer.path("choices").path(0).path("token_ids").size());
    assertEquals('u', answer.path("prompt_token_ids").path(0).asInt());
    List<JsonNode> events = server.postStream(PATH, body(",\"return_token_ids\":true,\"stream\":true"));
    assertEquals(answer.path("prompt_token_ids"), events.getFirst().path("prompt_token_ids"));
    assertEquals(
        12, events.stream().mapToInt(event -> event.path("choices").path(0).path("token_ids").size()).sum());
  }

  @Test
  void logprobsComeWhenAskedFor() {
    JsonNode answer = server.postJson(PATH, body(",\"logprobs\":true,\"top_logprobs\":2"));
    JsonNode content = answer.path("choices").path(0).path("logprobs").path("content");
    assertEquals(12, content.size(), answer.toString());
    JsonNode entry = content.path(0);
    assertTrue(entry.path("token").isTextual());
    assertTrue(entry.path("logprob").asDouble() <= 0);
    assertEquals(1, entry.path("bytes").size());
    assertEquals(2, entry.path("top_logprobs").size());
    JsonNode none = server.postJson(PATH, body(",\"logprobs\":true"));
    assertTrue(none.path("choices").path(0).path("logprobs").path("content").path(0).path("top_logprobs").isEmpty());
    List<JsonNode> events = server.postStream(PATH, body(",\"logprobs\":true,\"top_logprobs\":2,\"stream\":true"));
    assertEquals(
        12, events.stream().mapToInt(event -> event.path("choices").path(0).path("logprobs").path("content").size()).sum());
  }

  @Test
  void promptLogprobsHaveVllmsShape() {
    JsonNode answer = server.postJson(PATH, body(",\"prompt_logprobs\":1"));
    JsonNode prompt = answer.path("prompt_logprobs");
    assertEquals(answer.path("usage").path("prompt_tokens").asInt(), prompt.size(), answer.toString());
    assertTrue(prompt.get(0).isNull());
    JsonNode second = prompt.get(1).get(Integer.toString('s'));
    assertTrue(second.path("logprob").asDouble() <= 0);
    assertTrue(second.path("rank").asInt() >= 1);
    assertEquals("s", second.path("decoded_token").asText());
  }

  @Test
  void contentMayComeInParts() {
    String parts = "{\"messages\":[{\"role\":\"developer\",\"content\":\"a\"},{\"role\":\"user\",\"content\":"
        + "[{\"type\":\"text\",\"text\":\"b\"},{\"type\":\"text\",\"text\":\"c\"}]}],\"max_tokens\":1,\"return_token_ids\":true}";
    JsonNode ids = server.postJson(PATH, parts).path("prompt_token_ids");
    StringBuilder prompt = new StringBuilder();
    ids.forEach(id -> prompt.append((char) id.asInt()));
    assertEquals("system: a\nuser: b\nc\nassistant: ", prompt.toString());
  }

  private static String prompt(TestServer asked, String more) {
    String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"b\"}],\"max_tokens\":1,\"return_token_ids\":true" + more + "}";
    StringBuilder prompt = new StringBuilder();
    asked.postJson(PATH, body).path("prompt_token_ids").forEach(id -> prompt.append((char) id.asInt()));
    return prompt.toString();
  }

  @Test
  void documentsToolsAndVariablesReachTheTemplate() {
    assertEquals("[d]user: b\nassistant: ", prompt(server, ",\"documents\":[{\"text\":\"d\"}]"));
    assertEquals("pre user: b\nassistant: ", prompt(server, ",\"chat_template_kwargs\":{\"prefix\":\"pre \"}"));
    assertEquals(
        "(f)user: b\nassistant: ",
        prompt(server, ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"none\""));
  }

  @Test
  void aTrustedClientMaySendATemplate() {
    try (TestServer trusting = TestServer.start(ServerConfig.Builder::trustRequestTemplates, _ -> {})) {
      assertEquals("<b>", prompt(trusting, ",\"chat_template\":\"<{{ messages[0].content }}>\""));
    }
  }

  @Test
  void theLastMessageMayBeContinued() {
    String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"b\"},{\"role\":\"assistant\",\"content\":\"Once\"}],"
        + "\"max_tokens\":1,\"return_token_ids\":true,\"continue_final_message\":true}";
    StringBuilder prompt = new StringBuilder();
    server.postJson(PATH, body).path("prompt_token_ids").forEach(id -> prompt.append((char) id.asInt()));
    assertEquals("user: b\nassistant: Once", prompt.toString());
  }
}
