package dev.jebena.server.http;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** A response that is complete before it is sent. */
public record Response(int status, Map<String, String> headers, byte[] body) {

  /** A JSON document. */
  public static Response json(int status, String json) {
    return new Response(status, Map.of("content-type", "application/json"), json.getBytes(StandardCharsets.UTF_8));
  }

  /** Text of any type. */
  public static Response text(int status, String contentType, String text) {
    return new Response(status, Map.of("content-type", contentType), text.getBytes(StandardCharsets.UTF_8));
  }

  /** Nothing but a status. */
  public static Response empty(int status) {
    return new Response(status, Map.of(), new byte[0]);
  }

  /** The same with one more header. */
  public Response with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Response(status, more, body);
  }
}
