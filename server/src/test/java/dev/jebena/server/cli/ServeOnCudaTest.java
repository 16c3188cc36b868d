package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands with {@code --backend cuda}, on emulated devices. */
class ServeOnCudaTest {

  private static final Pattern ADDRESS = Pattern.compile("Listening on (http://\\S+)");

  @Test
  @Timeout(240)
  void aChatRequestIsAnsweredFromTwoDevices() throws Exception {
    EmulatedCuda.assumeSupported();
    try (EmulatedCuda cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT.withDevices(2))) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      Thread server = Thread.ofPlatform().daemon().start(() -> JebenaCommand.execute(
          new Surroundings(
              new ByteArrayInputStream(new byte[0]), new PrintStream(out, true, StandardCharsets.UTF_8),
              new PrintStream(err, true, StandardCharsets.UTF_8), Set.of(), Map.of(), Optional.of(Cli.HOME), Clock.systemUTC()),
          "serve", Cli.TINY, "--backend", "cuda", "--tensor-parallel-size", "2", "--host", "127.0.0.1", "--port", "0",
          "--gpu-memory-utilization", "0.8", "--max-model-len", "64", "--max-num-seqs", "2", "--kv-cache-memory-bytes", "4M",
          "--chat-template", "{{ messages[0].content }}"));
      try {
        JsonNode answer = chat(address(server, out, err));
        assertEquals(3, answer.path("usage").path("completion_tokens").asInt(), answer.toString());
        assertFalse(answer.path("choices").path(0).path("message").path("content").asText().isEmpty(), answer.toString());
      } finally {
        server.interrupt();
        server.join();
      }
      cuda.verify();
    }
  }

  private static String address(Thread server, ByteArrayOutputStream out, ByteArrayOutputStream err) throws InterruptedException {
    while (true) {
      Matcher matcher = ADDRESS.matcher(out.toString(StandardCharsets.UTF_8));
      if (matcher.find()) {
        return matcher.group(1);
      }
      assertTrue(server.isAlive(), () -> "the server has ended: " + err.toString(StandardCharsets.UTF_8));
      Thread.sleep(20);
    }
  }

  private static JsonNode chat(String address) throws Exception {
    String body = """
        {"messages": [{"role": "user", "content": "Once upon a time"}], "max_tokens": 3, "temperature": 0}""";
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(address + "/v1/chat/completions"))
          .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build();
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      assertEquals(200, response.statusCode(), response.body());
      return Cli.parse(response.body());
    }
  }

  @Test
  void doctorShowsTheDevices() {
    EmulatedCuda.assumeSupported();
    try (EmulatedCuda cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT.withDevices(2))) {
      Cli.Result result = Cli.run("doctor", "--backend", "cuda", "--json");
      assertEquals(0, result.status(), result.err());
      assertTrue(result.out().contains("compute capability 8.0"), result.out());
      cuda.verify();
    }
  }
}
