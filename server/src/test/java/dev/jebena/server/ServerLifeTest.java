package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.jebena.engine.FinishReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ServerLifeTest {

  private static final String LONG_STREAM =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":3000,\"ignore_eos\":true,\"stream\":true}";

  @Test
  void healthIsBadUntilAModelIsServed() throws Exception {
    try (JebenaServer server = JebenaServer.listen(ServerConfig.builder().host("127.0.0.1").port(0).build());
        HttpClient client = HttpClient.newHttpClient()) {
      for (String path : List.of("/health", "/ping", "/v1/models")) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(503, response.statusCode());
        assertTrue(TestServer.json(response.body()).path("error").path("message").asText().contains("loaded"));
      }
      HttpRequest metrics = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/metrics")).build();
      assertEquals(200, client.send(metrics, HttpResponse.BodyHandlers.ofString()).statusCode());
    }
  }

  @Test
  void aPortInUseIsSaidToBe() {
    try (TestServer server = TestServer.start()) {
      ServerConfig same = ServerConfig.builder().host("127.0.0.1").port(server.port()).build();
      String message = assertThrows(UncheckedIOException.class, () -> JebenaServer.listen(same)).getMessage();
      assertTrue(message.contains("" + server.port()), message);
    }
  }

  @Test
  void whatIsAskedOfTheServerItselfIsAnswered() {
    try (TestServer server = TestServer.start(builder -> builder.modelNames(List.of("org/name", "alias")), _ -> {})) {
      assertEquals(200, server.get("/health").statusCode());
      assertEquals(200, server.post("/ping", "").statusCode());
      assertTrue(TestServer.json(server.get("/version").body()).path("version").isTextual());
      assertEquals(0, TestServer.json(server.get("/load").body()).path("server_load").asInt());
      JsonNode models = TestServer.json(server.get("/v1/models").body());
      assertEquals("list", models.path("object").asText());
      assertEquals("org/name", models.path("data").path(0).path("id").asText());
      assertEquals(TestModel.MAX_CONTEXT, models.path("data").path(1).path("max_model_len").asInt());
      assertEquals("org/name", TestServer.json(server.get("/v1/models/org/name").body()).path("id").asText());
      assertEquals("org/name", TestServer.json(server.get("/v1/models/org%2Fname").body()).path("id").asText());
      assertEquals(404, server.get("/v1/models/tiny-random").statusCode());
      JsonNode answer = server.postJson("/v1/completions", "{\"model\":\"alias\",\"prompt\":\"a\",\"max_tokens\":1}");
      assertEquals("org/name", answer.path("model").asText());
      JsonNode tokens = server.postJson("/tokenize", "{\"prompt\":\"ab\",\"return_token_strs\":true}");
      assertEquals("[97,98]", tokens.path("tokens").toString());
      assertEquals(2, tokens.path("count").asInt());
      assertEquals("ab", server.postJson("/detokenize", "{\"tokens\":[97,98]}").path("prompt").asText());
      assertEquals("tokens", server.postJson("/detokenize", "{\"tokens\":[9999]}").path("error").path("param").asText());
      assertEquals(
          "user: x\nassistant: ".length(),
          server.postJson("/tokenize", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}").path("count").asInt());
    }
  }

  @Test
  void keysAreAskedForOnTheProtocolOnly() {
    try (TestServer server = TestServer.start(builder -> builder.apiKeys(List.of("first", "second")), _ -> {})) {
      assertEquals(200, server.get("/health").statusCode());
      assertEquals(200, server.get("/metrics").statusCode());
      HttpResponse<String> without = server.get("/v1/models");
      assertEquals(401, without.statusCode());
      assertEquals("invalid_api_key", TestServer.json(without.body()).path("error").path("code").asText());
      for (String wrong : List.of("Bearer third", "Bearer ", "first", "Basic first", "Bearer firstfirst")) {
        assertEquals(401, withKey(server, wrong), wrong);
      }
      assertEquals(200, withKey(server, "Bearer first"));
      assertEquals(200, withKey(server, "bearer second"));
      HttpResponse<String> preflight = server.send(
          HttpRequest.newBuilder(server.uri("/v1/models")).method("OPTIONS", HttpRequest.BodyPublishers.noBody()).header("Origin", "http://x"));
      assertEquals(204, preflight.statusCode());
      assertEquals("*", preflight.headers().firstValue("access-control-allow-origin").orElse(""));
    }
  }

  private static int withKey(TestServer server, String authorization) {
    return server.send(HttpRequest.newBuilder(server.uri("/v1/models")).header("Authorization", authorization)).statusCode();
  }

  @Test
  void onlyAllowedOriginsAreAllowed() {
    try (TestServer server = TestServer.start(builder -> builder.allowedOrigins(List.of("http://good")), _ -> {})) {
      HttpResponse<String> good = server.send(HttpRequest.newBuilder(server.uri("/health")).header("Origin", "http://good"));
      assertEquals("http://good", good.headers().firstValue("access-control-allow-origin").orElse(""));
      HttpResponse<String> bad = server.send(HttpRequest.newBuilder(server.uri("/health")).header("Origin", "http://bad"));
      assertTrue(bad.headers().firstValue("access-control-allow-origin").isEmpty());
    }
  }

  @Test
  void aClientThatLeavesEndsItsRequest() throws IOException {
    try (TestServer server = TestServer.start()) {
      try (Socket socket = server.connect()) {
        beginStream(socket);
      }
      server.awaitIdle();
      assertEquals(1, server.engine().statistics().counters().finished().get(FinishReason.ABORT));
      try (Socket socket = server.connect()) {
        String whole = LONG_STREAM.replace(",\"stream\":true", "").replace("\"max_tokens\":3000", "\"max_tokens\":3000,\"n\":3");
        post(socket, whole);
        while (server.engine().statistics().running() < 3) {
          Thread.onSpinWait();
        }
      }
      server.awaitIdle();
      assertEquals(4, server.engine().statistics().counters().finished().get(FinishReason.ABORT));
    }
  }

  private static void post(Socket socket, String body) throws IOException {
    socket.getOutputStream().write(
        ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
            .getBytes(StandardCharsets.US_ASCII));
  }

  private static void beginStream(Socket socket) throws IOException {
    post(socket, LONG_STREAM);
    TestServer.readUntil(socket.getInputStream(), "\"finish_reason\":null");
  }

  @Test
  void aFullQueueSaysWhenToTryAgain() throws InterruptedException, ExecutionException {
    try (TestServer server = TestServer.start(_ -> {}, engine -> engine.maxSequences(1).maxWaiting(1));
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        answers.add(clients.submit(() -> server.post(
            "/v1/completions", "{\"prompt\":\"a\",\"max_tokens\":1000,\"ignore_eos\":true}")));
      }
      int refused = 0;
      for (Future<HttpResponse<String>> answer : answers) {
        HttpResponse<String> response = answer.get();
        if (response.statusCode() == 429) {
          refused++;
          assertTrue(Integer.parseInt(response.headers().firstValue("retry-after").orElse("0")) >= 1);
          assertEquals("rate_limit_exceeded", TestServer.json(response.body()).path("error").path("code").asText());
        } else {
          assertEquals(200, response.statusCode(), response.body());
        }
      }
      assertTrue(refused > 0 && refused < 32, "refused " + refused);
    }
  }

  @Test
  void drainingFinishesWhatRunsAndTakesNothingNew() throws Exception {
    try (TestServer server = TestServer.start(); Socket socket = server.connect()) {
      beginStream(socket);
      CompletableFuture<Integer> left = CompletableFuture.supplyAsync(() -> server.server().drain(Duration.ofSeconds(60)));
      while (server.get("/health").statusCode() == 200) {
        Thread.onSpinWait();
      }
      assertEquals(503, server.post("/v1/completions", "{\"prompt\":\"a\",\"max_tokens\":1}").statusCode());
      assertTrue(TestServer.readUntil(socket.getInputStream(), "[DONE]").contains("\"finish_reason\":\"length\""));
      assertEquals(0, left.get());
    }
  }

  @Test
  void aDrainThatTakesTooLongSaysWhatIsLeft() throws IOException {
    try (TestServer server = TestServer.start(); Socket socket = server.connect()) {
      beginStream(socket);
      assertEquals(1, server.server().drain(Duration.ofMillis(1)));
    }
  }
}
