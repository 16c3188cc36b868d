package dev.jebena.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.jebena.server.api.ApiException;
import dev.jebena.server.api.Json;
import dev.jebena.server.http.ClientGoneException;
import dev.jebena.server.http.Exchange;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Server-sent events, each a JSON document, ended by {@code [DONE]}. Several threads may send. */
final class EventStream {

  private static final Map<String, String> HEADERS =
      Map.of("content-type", "text/event-stream; charset=utf-8", "cache-control", "no-cache", "x-accel-buffering", "no");

  private final Exchange exchange;

  private EventStream(Exchange exchange) {
    this.exchange = exchange;
  }

  static EventStream begin(Exchange exchange) {
    exchange.beginStream(200, HEADERS);
    return new EventStream(exchange);
  }

  /**
   * Sends an event; waits while the client does not read.
   *
   * @throws ClientGoneException if nobody reads any more
   */
  void send(JsonNode event) {
    send(Json.write(event));
  }

  /** Sends an error as the last event before the end: the status was sent long ago. */
  void fail(ApiException error) {
    send(Json.error(error));
  }

  /** Sends the mark of the end, and ends. */
  void end() {
    send("[DONE]");
    exchange.endStream();
  }

  private void send(String data) {
    exchange.write(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
  }
}
