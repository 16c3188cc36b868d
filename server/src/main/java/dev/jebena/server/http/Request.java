package dev.jebena.server.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.Optional;

/**
 * A request that has arrived whole.
 *
 * @param method as the client wrote it, for example {@code POST}
 * @param path decoded, without the query
 * @param query what follows the question mark, not decoded; empty if there is none
 */
public record Request(String method, String path, String query, HttpHeaders headers, byte[] body) {

  /** The first value of a header. */
  public Optional<String> header(CharSequence name) {
    return Optional.ofNullable(headers.get(name));
  }
}
