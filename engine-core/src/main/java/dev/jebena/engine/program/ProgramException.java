package dev.jebena.engine.program;

/** A Program is malformed; the message names the operation, the value and the shape that does not fit. */
public final class ProgramException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public ProgramException(String message) {
    super(message);
  }
}
