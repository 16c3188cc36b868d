package dev.jebena.engine;

/** A request that cannot be served as it stands; nothing was queued. */
public final class RequestException extends EngineException {

  private static final long serialVersionUID = 1L;

  private final String field;

  /**
   * A refusal.
   *
   * @param field the field at fault, as {@link GenerationRequest.Builder} spells it
   * @param message names the value, the limit and the remedy
   */
  public RequestException(String field, String message) {
    super(message);
    this.field = field;
  }

  /** The field at fault, as {@link GenerationRequest.Builder} spells it. */
  public String field() {
    return field;
  }
}
