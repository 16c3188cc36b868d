package dev.jebena.server.http;

import java.time.Duration;

/**
 * What a connection may do.
 *
 * @param maxHeaderBytes the longest head of a request
 * @param maxBodyBytes the longest body of a request
 * @param maxBufferedBytes bodies of all requests together
 * @param maxConnections connections open at once; further ones are closed at once
 * @param requestTimeout from a connection's first moment, or a request's head, until the request is complete
 * @param idleTimeout how long a connection may stay open between requests
 * @param writeTimeout how long a client may leave a response unread before it is cut off
 */
public record HttpSettings(
    int maxHeaderBytes,
    int maxBodyBytes,
    long maxBufferedBytes,
    int maxConnections,
    Duration requestTimeout,
    Duration idleTimeout,
    Duration writeTimeout) {

  public HttpSettings {
    requirePositive("maxHeaderBytes", maxHeaderBytes);
    requirePositive("maxBodyBytes", maxBodyBytes);
    requirePositive("maxConnections", maxConnections);
    requirePositive("requestTimeout in milliseconds", requestTimeout.toMillis());
    requirePositive("idleTimeout in milliseconds", idleTimeout.toMillis());
    requirePositive("writeTimeout in milliseconds", writeTimeout.toMillis());
    if (maxBufferedBytes < maxBodyBytes) {
      throw new IllegalArgumentException(
          "maxBufferedBytes is " + maxBufferedBytes + ": use at least maxBodyBytes (" + maxBodyBytes + ")");
    }
  }

  private static void requirePositive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " is " + value + ": use 1 or more");
    }
  }
}
