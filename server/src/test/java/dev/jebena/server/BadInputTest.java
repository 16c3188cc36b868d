package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputTest {

  private static final String CHAT = "/v1/chat/completions";
  private static final String TEXT = "/v1/completions";
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.start(builder -> builder.maxBodyBytes(200_000), _ -> {});
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void theServerStillAnswers() {
    HttpResponse<String> response = server.post(TEXT, "{\"prompt\":\"a\",\"max_tokens\":1,\"ignore_eos\":true}");
    assertEquals(200, response.statusCode(), response.body());
  }

  private static JsonNode refused(String path, byte[] body, int status) {
    HttpResponse<String> response = server.post(path, body);
    assertEquals(status, response.statusCode(), response.body());
    JsonNode error = TestServer.json(response.body()).path("error");
    assertTrue(error.path("message").isTextual() && error.path("type").isTextual(), response.body());
    assertTrue(error.has("param") && error.has("code"), response.body());
    return error;
  }

  private static JsonNode refused(String path, String body, int status) {
    return refused(path, body.getBytes(StandardCharsets.UTF_8), status);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "", " ", "{", "nul", "[]", "1", "\"text\"", "null", "{} {}", "{\"a\":}", "{'prompt':'a'}", "{\"prompt\":\"a\"", "\u0000",
      "{\"prompt\":\"a\\q\"}", "{\"prompt\":NaN}", "\uFEFF{\"prompt\":\"a\"}"
  })
  void whatIsNotAJsonObjectIsRefused(String body) {
    refused(CHAT, body, 400);
    refused(TEXT, body, 400);
  }

  @Test
  void whatIsNotUtf8IsRefused() {
    for (byte[] bad : new byte[][] {{(byte) 0xFF}, {(byte) 0xC0, (byte) 0x80}, {(byte) 0xED, (byte) 0xA0, (byte) 0x80}, {(byte) 0xE2}}) {
      byte[] body = "{\"prompt\":\"?\",\"max_tokens\":1}".getBytes(StandardCharsets.UTF_8);
      byte[] broken = new byte[body.length - 1 + bad.length];
      System.arraycopy(body, 0, broken, 0, 11);
      System.arraycopy(bad, 0, broken, 11, bad.length);
      System.arraycopy(body, 12, broken, 11 + bad.length, body.length - 12);
      assertTrue(refused(TEXT, broken, 400).path("message").asText().contains("UTF-8"));
    }
    refused(TEXT, "{\"prompt\":\"a\"}".getBytes(StandardCharsets.UTF_16), 400);
  }

  @Test
  void deepNestingAndLongNumbersAreRefused() {
    refused(TEXT, "{\"prompt\":" + "[".repeat(90_000), 400);
    refused(TEXT, "{\"x\":" + "{\"x\":".repeat(20_000) + "1" + "}".repeat(20_000) + "}", 400);
    refused(TEXT, "{\"prompt\":\"a\",\"max_tokens\":" + "9".repeat(100_000) + "}", 400);
    refused(TEXT, "{\"prompt\":\"a\",\"temperature\":1e999999999}", 400);
    refused(TEXT, "{\"prompt\":\"a\",\"max_tokens\":1e18}", 400);
    refused(TEXT, "{\"prompt\":\"a\",\"seed\":9223372036854775808}", 400);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "temperature|-1", "temperature|2.1", "temperature|\"hot\"", "temperature|[]", "top_p|0", "top_p|1.5", "top_k|-2", "top_k|1.5",
      "min_p|2", "presence_penalty|3", "frequency_penalty|-3", "repetition_penalty|0", "repetition_penalty|-1", "n|0", "n|1000000",
      "n|true", "max_tokens|-1", "max_tokens|\"5\"", "max_tokens|99999999999", "max_tokens|1.5", "min_tokens|-1", "min_tokens|100",
      "seed|\"x\"", "stop|5", "stop|[5]", "stop|[\"\"]", "stop_token_ids|[\"a\"]", "stop_token_ids|7", "logit_bias|[]",
      "ignore_eos|1", "stream|\"yes\"", "prompt_logprobs|21", "cache_salt|\"\"", "return_token_ids|3", "model|5", "add_special_tokens|0",
      "stream_options|{\"include_usage\":true}", "logprobs|99"
  })
  void wrongTypesAndRangesAreRefusedByName(String field, String value) {
    String more = ",\"" + field + "\":" + value;
    String limit = field.equals("max_tokens") ? "" : ",\"max_tokens\":5";
    assertEquals(field, refused(TEXT, "{\"prompt\":\"a\"" + limit + more + "}", 400).path("param").asText());
    String chat = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]" + limit + more + "}";
    assertEquals(field, refused(CHAT, chat, 400).path("param").asText());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "tools|[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "response_format|{\"type\":\"json_object\"}", "tool_choice|\"required\"",
      "functions|[{\"name\":\"f\"}]", "structured_outputs|{\"regex\":\"a\"}", "guided_json|{\"type\":\"object\"}", "use_beam_search|true",
      "allowed_token_ids|[1]", "bad_words|[\"x\"]", "truncate_prompt_tokens|5", "chat_template|\"x\"", "priority|1",
      "kv_transfer_params|{\"a\":1}", "store|true", "audio|{\"voice\":\"x\"}", "prediction|{\"type\":\"content\"}", "modalities|[\"audio\"]",
      "length_penalty|2.0", "reasoning_effort|\"high\"", "service_tier|\"flex\"", "thinking_token_budget|5"
  })
  void whatIsKnownButNotSupportedIsRefusedByName(String field, String value) {
    String chat = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"" + field + "\":" + value + "}";
    JsonNode error = refused(CHAT, chat, 400);
    assertEquals(field, error.path("param").asText());
    assertEquals("unsupported_parameter", error.path("code").asText());
  }

  @Test
  void valuesThatAskForNothingAndUnknownFieldsAreTolerated() {
    HttpResponse<String> response = server.post(
        CHAT,
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"later\":1}],\"max_tokens\":1,\"tools\":null,\"functions\":[],"
            + "\"response_format\":{\"type\":\"text\"},\"tool_choice\":\"none\",\"use_beam_search\":false,\"length_penalty\":1.0,"
            + "\"store\":false,\"user\":\"me\",\"metadata\":{\"a\":\"b\"},\"from_the_future\":{\"x\":[1]},\"stop\":null,\"n\":null,"
            + "\"logit_bias\":null,\"top_k\":-1,\"modalities\":[\"text\"],\"parallel_tool_calls\":true,\"stream_options\":null}");
    assertEquals(200, response.statusCode(), response.body());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "messages|{}", "messages|{\"messages\":[]}", "messages|{\"messages\":5}", "messages[0]|{\"messages\":[5]}",
      "messages[0].role|{\"messages\":[{\"content\":\"a\"}]}", "messages[0].role|{\"messages\":[{\"role\":\"cook\",\"content\":\"a\"}]}",
      "messages[0].role|{\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]}", "messages[0].content|{\"messages\":[{\"role\":\"user\"}]}",
      "messages[0].content|{\"messages\":[{\"role\":\"user\",\"content\":{}}]}",
      "messages[0].content[0]|{\"messages\":[{\"role\":\"user\",\"content\":[1]}]}",
      "messages[0].content[0].text|{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]}",
      "messages[0].content[0].type|{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]}",
      "messages[0].tool_calls|{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"x\"}]}]}",
      "top_logprobs|{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"top_logprobs\":2}",
      "continue_final_message|{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"continue_final_message\":true,\"add_generation_prompt\":true}"
  })
  void wrongMessagesAreRefusedWithTheirPlace(String param, String body) {
    assertEquals(param, refused(CHAT, body, 400).path("param").asText());
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "5", "{}", "[[]]", "[1,\"a\"]", "[\"a\",1]", "[-1]", "[99999999999]", "[1.5]", "[100000]", "\"\"", "[{}]"})
  void wrongPromptsAreRefused(String prompt) {
    assertEquals("prompt", refused(TEXT, "{\"prompt\":" + prompt + ",\"max_tokens\":1}", 400).path("param").asText());
  }

  @Test
  void whatDoesNotFitTheContextIsRefused() {
    JsonNode error = refused(TEXT, "{\"prompt\":\"" + "a".repeat(5000) + "\",\"max_tokens\":1}", 400);
    assertEquals("context_length_exceeded", error.path("code").asText());
    assertEquals("max_tokens", refused(TEXT, "{\"prompt\":\"abc\",\"max_tokens\":4094}", 400).path("param").asText());
    refused(CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"" + "a".repeat(100_000) + "\"}]}", 400);
  }

  @Test
  void unknownModelsRoutesAndMethodsAreSaidToBeUnknown() {
    JsonNode error = refused(TEXT, "{\"prompt\":\"a\",\"model\":\"other\\ud800\"}", 404);
    assertEquals("model", error.path("param").asText());
    assertEquals("model_not_found", error.path("code").asText());
    refused("/v1/nothing", "{}", 404);
    refused("/v1/models", "{}", 405);
    HttpResponse<String> get = server.get(CHAT);
    assertEquals(405, get.statusCode());
    assertEquals("POST", get.headers().firstValue("allow").orElse(""));
    assertEquals(404, server.get("/v1/models/other").statusCode());
  }

  @Test
  void aBodyOverTheLimitIsRefused() {
    assertTrue(refused(TEXT, "{\"prompt\":\"" + "a".repeat(200_001) + "\"}", 413).path("message").asText().contains("200000"));
  }

  @Test
  void randomDamageNeverBreaksTheServer() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    String valid = "{\"model\":\"tiny-random\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":2,\"temperature\":0.5,"
        + "\"stop\":[\"x\"],\"logit_bias\":{\"5\":1},\"seed\":3,\"n\":1}";
    for (int i = 0; i < 500; i++) {
      byte[] body = valid.getBytes(StandardCharsets.UTF_8);
      for (int damage = random.nextInt(3); damage >= 0; damage--) {
        body[random.nextInt(body.length)] = (byte) (random.nextBoolean() ? random.nextInt(256) : 32 + random.nextInt(95));
      }
      int status = server.post(CHAT, body).statusCode();
      assertTrue(status == 200 || status == 400 || status == 404, "status " + status + " for " + new String(body, StandardCharsets.UTF_8));
    }
  }
}
