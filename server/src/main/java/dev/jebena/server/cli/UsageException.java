package dev.jebena.server.cli;

/** The command was used wrongly; the message names the value and what would be right. */
final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
