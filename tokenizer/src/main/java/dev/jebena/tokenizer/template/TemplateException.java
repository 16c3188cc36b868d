package dev.jebena.tokenizer.template;

/** A template cannot be parsed or rendered; the message names line and column and quotes the piece. */
public class TemplateException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public TemplateException(String message) {
    super(message);
  }
}
