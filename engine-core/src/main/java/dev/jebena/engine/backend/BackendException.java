package dev.jebena.engine.backend;

/** A backend cannot do what was asked; the message names the value, the limit and the remedy. */
public class BackendException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public BackendException(String message) {
    super(message);
  }

  public BackendException(String message, Throwable cause) {
    super(message, cause);
  }
}
