package dev.jebena.tokenizer.template;

/** Something that goes wrong while a template runs, without a place; {@link Run} knows where it is. */
final class Failure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  Failure(String message) {
    super(message, null, false, false);
  }

  String what() {
    return String.valueOf(getMessage());
  }
}
