package dev.jebena.tokenizer;

/** A tokenizer cannot be built or a text cannot be encoded; the message names the value, the limit and the remedy. */
public final class TokenizerException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public TokenizerException(String message) {
    super(message);
  }

  public TokenizerException(String message, Throwable cause) {
    super(message, cause);
  }
}
