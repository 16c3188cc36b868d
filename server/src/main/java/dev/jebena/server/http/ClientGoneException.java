package dev.jebena.server.http;

/** Nobody is there to read the response: the client has disconnected, or has not read for too long. */
public final class ClientGoneException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ClientGoneException(String message) {
    super(message);
  }
}
