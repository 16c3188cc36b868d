package dev.jebena.tokenizer.template;

/** The template itself refused its input through {@code raise_exception}. */
public final class TemplateRaisedException extends TemplateException {

  private static final long serialVersionUID = 1L;

  private final String raised;

  TemplateRaisedException(String raised, String where) {
    super("the chat template refuses its input: " + raised + " (" + where + ")");
    this.raised = raised;
  }

  /** What the template said, word for word. */
  public String raised() {
    return raised;
  }
}
