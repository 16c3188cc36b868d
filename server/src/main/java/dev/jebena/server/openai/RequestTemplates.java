package dev.jebena.server.openai;

/** What becomes of chat templates that clients send. */
public enum RequestTemplates {
  /** A request with one is refused. */
  REFUSED,
  /** They are used, within the limits of every template. */
  TRUSTED
}
