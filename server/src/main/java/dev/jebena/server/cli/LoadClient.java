package dev.jebena.server.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A client that streams completions and notes when their pieces come. */
final class LoadClient implements AutoCloseable {

  static final String COMPLETIONS = "/v1/completions";
  static final String CHAT = "/v1/chat/completions";

  private static final String DATA = "data:";
  private static final Duration TIMEOUT = Duration.ofMinutes(30);
  private static final int SHOWN_CHARACTERS = 300;

  private final HttpClient http = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(30))
      .executor(Executors.newVirtualThreadPerTaskExecutor())
      .build();
  private final URI server;
  private final String endpoint;
  private final String apiKey;

  LoadClient(URI server, String endpoint, String apiKey) {
    this.server = server;
    this.endpoint = endpoint;
    this.apiKey = apiKey;
  }

  /** A request, written before the clock runs. */
  record Body(String json) {}

  /** Who decides when an answer ends. */
  enum Ending {
    /** The model. */
    OWN,
    /** Nobody: it is as long as it may be. */
    FULL
  }

  static Body body(String endpoint, String model, Object prompt, int maxTokens, Ending ending) {
    ObjectNode body = JsonLines.JSON.createObjectNode().put("model", model).put("max_tokens", maxTokens).put("temperature", 0.0)
        .put("stream", true);
    body.putObject("stream_options").put("include_usage", true);
    if (endpoint.equals(CHAT)) {
      body.putArray("messages").addObject().put("role", "user").put("content", String.valueOf(prompt));
    } else {
      body.set("prompt", JsonLines.JSON.valueToTree(prompt));
    }
    if (ending == Ending.FULL) {
      body.put("ignore_eos", true);
    }
    try {
      return new Body(JsonLines.JSON.writeValueAsString(body));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The name of the first model that the server lists. */
  String firstModel() throws IOException, InterruptedException {
    HttpResponse<String> response;
    try {
      response = http.send(request("/v1/models").GET().build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new CommandException("there is no server at " + server + ": start it, or name another with --url", e);
    }
    JsonNode id = JsonLines.JSON.readTree(response.body()).path("data").path(0).path("id");
    if (response.statusCode() != 200 || !id.isTextual()) {
      throw new CommandException("the server lists no models (status " + response.statusCode() + "): name one with --model");
    }
    return id.textValue();
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server + path)).timeout(TIMEOUT).header("Content-Type", "application/json");
    return apiKey.isEmpty() ? request : request.header("Authorization", "Bearer " + apiKey);
  }

  /** Sends a request and reads its answer to the end; what goes wrong is in the record. */
  LoadRecord send(Body body) {
    long start = System.nanoTime();
    Reader reader = new Reader();
    String error = "";
    try {
      HttpResponse<Stream<String>> response = http.send(
          request(endpoint).POST(HttpRequest.BodyPublishers.ofString(body.json())).build(), HttpResponse.BodyHandlers.ofLines());
      try (Stream<String> lines = response.body()) {
        if (response.statusCode() != 200) {
          String text = lines.collect(Collectors.joining(" "));
          error = "status " + response.statusCode() + ": " + text.substring(0, Math.min(SHOWN_CHARACTERS, text.length()));
        } else {
          for (Iterator<String> each = lines.iterator(); each.hasNext();) {
            reader.read(each.next());
          }
          error = reader.error;
        }
      }
    } catch (IOException | UncheckedIOException e) {
      error = String.valueOf(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      error = "interrupted";
    }
    return new LoadRecord(
        start, reader.arrivals, System.nanoTime(), reader.promptTokens, reader.outputTokens > 0 ? reader.outputTokens : reader.arrivals.size(), error);
  }

  /** Reads the events of one answer. */
  private static final class Reader {

    private final List<Long> arrivals = new ArrayList<>();
    private long promptTokens;
    private long outputTokens;
    private String error = "";

    private void read(String line) throws JsonProcessingException {
      if (!line.startsWith(DATA) || line.endsWith("[DONE]")) {
        return;
      }
      long now = System.nanoTime();
      JsonNode event = JsonLines.JSON.readTree(line.substring(DATA.length()));
      JsonNode choice = event.path("choices").path(0);
      String text = choice.path("text").asText(choice.path("delta").path("content").asText(""));
      if (!text.isEmpty()) {
        arrivals.add(now);
      }
      JsonNode usage = event.path("usage");
      if (usage.isObject()) {
        promptTokens = usage.path("prompt_tokens").asLong();
        outputTokens = usage.path("completion_tokens").asLong();
      }
      if (event.has("error")) {
        error = event.get("error").toString();
      }
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
