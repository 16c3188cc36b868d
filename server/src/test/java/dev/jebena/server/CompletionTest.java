package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CompletionTest {

  private static final String PATH = "/v1/completions";
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String body(String prompt, String more) {
    return "{\"prompt\":" + prompt + ",\"ignore_eos\":true,\"temperature\":0,\"max_tokens\":4" + more + "}";
  }

  @Test
  void answersInOpenAisShape() {
    JsonNode answer = server.postJson(PATH, body("\"abc\"", ""));
    assertEquals("text_completion", answer.path("object").asText(), answer.toString());
    assertTrue(answer.path("id").asText().startsWith("cmpl-"));
    JsonNode choice = answer.path("choices").path(0);
    assertTrue(choice.path("text").isTextual());
    assertTrue(choice.get("logprobs").isNull());
    assertEquals("length", choice.path("finish_reason").asText());
    assertEquals(3, answer.path("usage").path("prompt_tokens").asInt());
    assertEquals(4, answer.path("usage").path("completion_tokens").asInt());
  }

  @Test
  void promptsMayBeTextsOrTokens() {
    JsonNode text = server.postJson(PATH, body("\"abc\"", "")).path("choices").path(0).path("text");
    assertEquals(text, server.postJson(PATH, body("[97,98,99]", "")).path("choices").path(0).path("text"));
    JsonNode texts = server.postJson(PATH, body("[\"abc\",\"xy\"]", ",\"n\":2"));
    assertEquals(4, texts.path("choices").size(), texts.toString());
    assertEquals(text, texts.path("choices").path(0).path("text"));
    assertEquals(text, texts.path("choices").path(1).path("text"));
    assertEquals(3, texts.path("choices").path(3).path("index").asInt());
    assertEquals(5, texts.path("usage").path("prompt_tokens").asInt());
    JsonNode tokens = server.postJson(PATH, body("[[97,98,99],[120,121]]", ""));
    assertEquals(text, tokens.path("choices").path(0).path("text"));
    assertEquals(texts.path("choices").path(2).path("text"), tokens.path("choices").path(1).path("text"));
  }

  @Test
  void theStreamSaysTheSameAsTheWholeAnswer() {
    JsonNode whole = server.postJson(PATH, body("[\"abc\",\"xy\"]", ",\"echo\":true"));
    List<JsonNode> events = server.postStream(PATH, body("[\"abc\",\"xy\"]", ",\"echo\":true,\"stream\":true"));
    for (int i = 0; i < 2; i++) {
      int index = i;
      assertEquals(
          whole.path("choices").path(i).path("text").asText(),
          events.stream()
              .map(event -> event.path("choices").path(0))
              .filter(choice -> choice.path("index").asInt() == index)
              .map(choice -> choice.path("text").asText())
              .collect(Collectors.joining()));
    }
    assertTrue(whole.path("choices").path(0).path("text").asText().startsWith("abc"));
  }

  @Test
  void anEchoOfNothingButThePromptScoresIt() {
    JsonNode answer = server.postJson(
        PATH, body("\"abc\"", ",\"echo\":true,\"logprobs\":2").replace("\"max_tokens\":4", "\"max_tokens\":0"));
    JsonNode choice = answer.path("choices").path(0);
    assertEquals("abc", choice.path("text").asText(), answer.toString());
    JsonNode logprobs = choice.path("logprobs");
    assertEquals("[\"a\",\"b\",\"c\"]", logprobs.path("tokens").toString());
    assertEquals("[0,1,2]", logprobs.path("text_offset").toString());
    assertTrue(logprobs.path("token_logprobs").path(0).isNull());
    assertTrue(logprobs.path("token_logprobs").path(1).asDouble() <= 0);
    assertTrue(logprobs.path("top_logprobs").path(2).has("c"));
    assertTrue(logprobs.path("top_logprobs").path(2).size() <= 3);
  }

  @Test
  void logprobsAndIdsComeWhenAskedFor() {
    JsonNode choice = server.postJson(PATH, body("\"abc\"", ",\"logprobs\":1,\"return_token_ids\":true,\"prompt_logprobs\":0"))
        .path("choices").path(0);
    assertEquals(4, choice.path("token_ids").size(), choice.toString());
    assertEquals("[97,98,99]", choice.path("prompt_token_ids").toString());
    assertEquals(4, choice.path("logprobs").path("tokens").size());
    assertEquals(3, choice.path("prompt_logprobs").size());
    JsonNode named = server.postJson(PATH, body("\"abc\"", ",\"logprobs\":1,\"return_tokens_as_token_ids\":true"));
    assertTrue(named.path("choices").path(0).path("logprobs").path("tokens").path(0).asText().startsWith("token_id:"));
  }

  @Test
  void aStopStringEndsItAndIsNamed() {
    String text = server.postJson(PATH, body("\"abc\"", "")).path("choices").path(0).path("text").asText();
    String stop = text.substring(0, 1);
    JsonNode stopped = server.postJson(PATH, body("\"abc\"", ",\"stop\":[\"\"]"));
    assertEquals("stop", stopped.path("error").path("param").asText(), "an empty stop string is refused: " + stopped);
    if (stop.charAt(0) < 128 && stop.charAt(0) > 31 && stop.charAt(0) != '"' && stop.charAt(0) != '\\') {
      JsonNode choice = server.postJson(PATH, body("\"abc\"", ",\"stop\":\"" + stop + "\"")).path("choices").path(0);
      assertEquals("stop", choice.path("finish_reason").asText());
      assertEquals(stop, choice.path("stop_reason").asText());
      assertEquals("", choice.path("text").asText());
    }
  }
}
