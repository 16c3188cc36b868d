package dev.jebena.server.api;

import dev.jebena.server.http.Exchange;
import dev.jebena.server.http.HttpHandler;
import dev.jebena.server.http.Request;
import dev.jebena.server.http.Response;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds who answers a request, after keys and origins were checked, and turns errors into answers.
 *
 * <p>A route is a path, or a path that ends in {@code /*}: then what follows, slashes included, is up to the route.
 */
public final class Router implements HttpHandler {

  /** Answers the requests of one route. */
  @FunctionalInterface
  public interface Route {

    /** Answers, or throws {@link ApiException}. */
    void handle(Exchange exchange);
  }

  /** Is told of every answer. */
  @FunctionalInterface
  public interface Observer {

    /** @param route the route as it was added, or {@code none} */
    void answered(String method, String route, int status, long nanos);
  }

  private static final Logger ACCESS = LoggerFactory.getLogger("dev.jebena.server.access");
  private static final Pattern REQUEST_ID = Pattern.compile("[\\x21-\\x7e]{1,128}");

  private final ApiKeys keys;
  private final List<String> allowedOrigins;
  private final Observer observer;
  private final Map<String, Map<String, Route>> routes = new LinkedHashMap<>();

  /**
   * A router without routes.
   *
   * @param allowedOrigins origins whose pages may call from a browser; {@code *} is all
   */
  public Router(ApiKeys keys, List<String> allowedOrigins, Observer observer) {
    this.keys = keys;
    this.allowedOrigins = List.copyOf(allowedOrigins);
    this.observer = observer;
  }

  /** Adds a route; a route for {@code GET} answers {@code HEAD} too. */
  public Router add(String method, String path, Route route) {
    routes.computeIfAbsent(path, _ -> new TreeMap<>()).put(method, route);
    return this;
  }

  @Override
  public void handle(Exchange exchange) {
    long start = System.nanoTime();
    Request request = exchange.request();
    String path = find(request.path()).orElse("none");
    allowOrigin(exchange);
    exchange.addHeader("x-request-id", requestId(request));
    try {
      answer(exchange, path);
    } catch (ApiException e) {
      if (!exchange.isUnanswered()) {
        throw e;
      }
      exchange.respond(Json.errorResponse(e));
    } finally {
      long nanos = System.nanoTime() - start;
      observer.answered(request.method(), path, exchange.status(), nanos);
      if (ACCESS.isDebugEnabled()) {
        ACCESS.debug("{} {} {} {} ms", request.method(), request.path(), exchange.status(), nanos / 1_000_000);
      }
    }
  }

  private void answer(Exchange exchange, String path) {
    Request request = exchange.request();
    if (request.method().equals("OPTIONS")) {
      exchange.respond(Response.empty(204));
      return;
    }
    if (request.path().equals("/v1") || request.path().startsWith("/v1/")) {
      keys.check(request);
    }
    Map<String, Route> methods = routes.get(path);
    if (methods == null) {
      throw ApiException.noRoute(request.method(), request.path());
    }
    Route route = methods.get(request.method().equals("HEAD") ? "GET" : request.method());
    if (route == null) {
      throw ApiException.methodNotAllowed(request.method(), request.path(), String.join(", ", methods.keySet()));
    }
    route.handle(exchange);
  }

  private Optional<String> find(String path) {
    if (routes.containsKey(path)) {
      return Optional.of(path);
    }
    return routes.keySet().stream()
        .filter(route -> route.endsWith("/*") && path.startsWith(route.substring(0, route.length() - 1))
            && path.length() > route.length() - 1)
        .findFirst();
  }

  private void allowOrigin(Exchange exchange) {
    Request request = exchange.request();
    request.header("origin")
        .filter(origin -> allowedOrigins.contains("*") || allowedOrigins.contains(origin))
        .ifPresent(origin -> {
          exchange.addHeader("access-control-allow-origin", allowedOrigins.contains("*") ? "*" : origin);
          exchange.addHeader("vary", "origin");
          if (request.method().equals("OPTIONS")) {
            exchange.addHeader("access-control-allow-methods", "GET, HEAD, POST, OPTIONS");
            exchange.addHeader("access-control-allow-headers", request.header("access-control-request-headers").orElse("*"));
            exchange.addHeader("access-control-max-age", "600");
          }
        });
  }

  /** The id that the client gave its request, if it is a sane one, or a new one. */
  public static String requestId(Request request) {
    return request.header("x-request-id")
        .filter(id -> REQUEST_ID.matcher(id).matches())
        .orElseGet(() -> UUID.randomUUID().toString().replace("-", ""));
  }

  @Override
  public Response refusal(int status, String message) {
    return Json.errorResponse(ApiException.ofStatus(status, message));
  }
}
