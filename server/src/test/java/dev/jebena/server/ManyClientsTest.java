package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.jebena.engine.model.Model;
import dev.jebena.engine.tck.Providers;
import dev.jebena.models.Models;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ManyClientsTest {

  private static final int CLIENTS = 64;

  @Test
  void halfOfTheClientsLeaveAndTheOthersGetWhatTheyWouldAlone() throws Exception {
    try (TestServer server = TestServer.start()) {
      leaveByHalves(server, 120);
    }
  }

  @Test
  void theShippedModelServesAsManyOnTheVectorBackend() throws Exception {
    Model model = Models.open(Path.of("..", "models", "weights", "SmolLM2-135M-Instruct.Q4_1.gguf"));
    try (TestServer server = TestServer.start(model, Providers.named("cpu"))) {
      leaveByHalves(server, 16);
    }
  }

  private static void leaveByHalves(TestServer server, int tokens) throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<String> alone = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i += 2) {
        alone.add(server.postJson("/v1/chat/completions", body(i, tokens, false)).path("choices").path(0).path("message").path("content").asText());
      }
      List<Future<String>> together = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        together.add(clients.submit(() -> chat(server, client, tokens)));
      }
      for (int i = 0; i < CLIENTS; i++) {
        String text = together.get(i).get();
        if (i % 2 == 0) {
          assertEquals(alone.get(i / 2), text, "client " + i);
        }
      }
      server.awaitIdle();
    }
  }

  private static String body(int client, int tokens, boolean stream) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"I am number " + client + "\"}],\"ignore_eos\":true,\"temperature\":0.8,\"seed\":"
        + client + ",\"max_tokens\":" + tokens + ",\"stream\":" + stream + "}";
  }

  /** Reads a stream; a client with an odd number leaves after a few events. */
  private static String chat(TestServer server, int client, int tokens) throws IOException {
    String body = body(client, tokens, true);
    StringBuilder text = new StringBuilder();
    try (Socket socket = server.connect()) {
      socket.getOutputStream().write(
          ("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
              .getBytes(StandardCharsets.US_ASCII));
      BufferedReader lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      int events = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals("data: [DONE]")) {
          return text.toString();
        }
        if (line.startsWith("data: ")) {
          JsonNode event = TestServer.json(line.substring(6));
          text.append(event.path("choices").path(0).path("delta").path("content").asText(""));
          if (client % 2 == 1 && ++events == 3 + client % 5) {
            return text.toString();
          }
        }
      }
    }
    throw new AssertionError("the stream of client " + client + " ended after: " + text);
  }
}
