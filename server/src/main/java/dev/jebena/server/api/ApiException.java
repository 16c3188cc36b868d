package dev.jebena.server.api;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** An answer other than success, in the words of OpenAI's protocol. */
public final class ApiException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String type;
  private final transient Optional<String> param;
  private final transient Optional<String> code;
  private final transient Map<String, String> headers;

  private ApiException(
      int status, String type, String message, Optional<String> param, Optional<String> code, Map<String, String> headers) {
    super(message, null, false, false);
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
    this.headers = headers;
  }

  /** Status 400: a field is wrong. */
  public static ApiException invalid(String param, String message) {
    return new ApiException(400, "invalid_request_error", message, Optional.of(param), Optional.empty(), Map.of());
  }

  /** Status 400: the request as a whole is wrong. */
  public static ApiException invalid(String message) {
    return new ApiException(400, "invalid_request_error", message, Optional.empty(), Optional.empty(), Map.of());
  }

  /** Status 400: a field that is known to the protocol but not to this server. */
  public static ApiException unsupported(String param, String message) {
    return new ApiException(
        400, "invalid_request_error", message, Optional.of(param), Optional.of("unsupported_parameter"), Map.of());
  }

  /** Status 400: prompt and completion do not fit the context. */
  public static ApiException contextExceeded(String param, String message) {
    return new ApiException(
        400, "invalid_request_error", message, Optional.of(param), Optional.of("context_length_exceeded"), Map.of());
  }

  /** Status 401. */
  public static ApiException unauthorized() {
    return new ApiException(
        401, "invalid_request_error", "the API key is missing or wrong: send it as 'Authorization: Bearer KEY'", Optional.empty(),
        Optional.of("invalid_api_key"), Map.of("www-authenticate", "Bearer"));
  }

  /** Status 404: there is no such path. */
  public static ApiException noRoute(String method, String path) {
    return new ApiException(
        404, "invalid_request_error", "there is no " + method + " " + path + " on this server", Optional.empty(),
        Optional.of("unknown_url"), Map.of());
  }

  /** Status 404: there is no such model. */
  public static ApiException noModel(String model, String served) {
    return new ApiException(
        404, "invalid_request_error", "the model '" + model + "' does not exist: this server has " + served, Optional.of("model"),
        Optional.of("model_not_found"), Map.of());
  }

  /** Status 405. */
  public static ApiException methodNotAllowed(String method, String path, String allowed) {
    return new ApiException(
        405, "invalid_request_error", path + " does not take " + method + ": use " + allowed, Optional.empty(),
        Optional.of("method_not_allowed"), Map.of("allow", allowed));
  }

  /** Status 429: too many requests are waiting. */
  public static ApiException queueFull(String message, Duration retryAfter) {
    return new ApiException(
        429, "rate_limit_error", message, Optional.empty(), Optional.of("rate_limit_exceeded"),
        Map.of("retry-after", Long.toString(Math.max(1, retryAfter.toSeconds()))));
  }

  /** Status 503: not yet, or not any more. */
  public static ApiException unavailable(String message) {
    return new ApiException(
        503, "server_error", message, Optional.empty(), Optional.of("service_unavailable"), Map.of("retry-after", "1"));
  }

  /** Status 500: the request failed while it ran. */
  public static ApiException failed(String message) {
    return new ApiException(500, "server_error", message, Optional.empty(), Optional.of("internal_error"), Map.of());
  }

  /** Any other status, from the transport. */
  static ApiException ofStatus(int status, String message) {
    String type = status >= 500 ? "server_error" : "invalid_request_error";
    return new ApiException(status, type, message, Optional.empty(), Optional.empty(), Map.of());
  }

  public int status() {
    return status;
  }

  /** The kind of error. */
  public String type() {
    return type;
  }

  /** The field at fault. */
  public Optional<String> param() {
    return param;
  }

  /** A word for programs. */
  public Optional<String> code() {
    return code;
  }

  /** Headers that belong to the answer. */
  public Map<String, String> headers() {
    return headers;
  }
}
