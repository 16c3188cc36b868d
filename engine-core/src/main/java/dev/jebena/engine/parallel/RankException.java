package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.BackendException;

/** A rank failed, is gone or does not fit; the message names the rank and why. All ranks end with it: one cannot go on without another. */
public final class RankException extends BackendException {

  private static final long serialVersionUID = 1L;

  public RankException(String message) {
    super(message);
  }

  public RankException(String message, Throwable cause) {
    super(message, cause);
  }
}
