package dev.jebena.server.http;

/** What answers requests. Called on a virtual thread of the request's own, so it may block. */
public interface HttpHandler {

  /** Answers; an exchange that is left unanswered, or an exception, becomes status 500. */
  void handle(Exchange exchange);

  /** The response to a request that the transport refuses before anybody saw it, in the words of the protocol. */
  Response refusal(int status, String message);
}
